# An image of the runtime: the bundle on the stock Node image.
#
#   npm run build && docker build -t us-central1-docker.pkg.dev/PROJECT/REPOSITORY/coffee:1 . && docker push ...
#   npx pulumi config set generatorImage us-central1-docker.pkg.dev/PROJECT/REPOSITORY/coffee:1
#
# For those whose organisation admits images of its own registry only. Jobs run the bundle that `pulumi up` uploads, as they do on
# the stock image, so that code and declaration stay in step; elsewhere the image runs by itself: docker run IMAGE generate --help
FROM docker.io/library/node:22-slim
WORKDIR /app
COPY dist/main.mjs ./
# The image's own user, who may not change the program. Jobs get their rights from Google Cloud, and not from this user.
USER node
ENTRYPOINT ["node", "/app/main.mjs"]
