/** Where a page's data goes, once, as the whole text of `<script type="text/plain" id="data">`. */
export const DATA_MARK = "__REPORT_DATA__";
