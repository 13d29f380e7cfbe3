// The styles, scripts and texts of the pages: files of this folder, embedded by cmake/page_assets.cmake.
// Tested by tests/unit/app/page/report_page_test.cpp and tests/integration/test_status_page.py.
#pragma once

#include <string_view>

namespace app {

struct page_asset {
    std::string_view text;
    std::string_view sha256; // of the text, in hexadecimal digits
};

// The page that --report writes.
extern const page_asset report_css;
extern const page_asset report_js;
// The page of `serve`.
extern const page_asset status_html;
extern const page_asset status_css;
extern const page_asset status_js;

} // namespace app
