#include "async/error.hpp"
#include "azure/blob/request.hpp"
#include "azure/percent_encoding.hpp"
#include "http/client/base64.hpp"
#include "tests/unit/azure/blob/bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace azure {
namespace {

using rig::bytes;

constexpr std::string_view emulator_key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

account path_style() {
    account made;
    made.name = "devstoreaccount1";
    made.blob = {false, "127.0.0.1", 10000, "/devstoreaccount1"};
    made.credential = shared_key{*http::base64_decode(emulator_key)};
    return made;
}

account host_style() {
    auto made = path_style();
    made.blob = {true, "devstoreaccount1.blob.core.windows.net", 443, ""};
    return made;
}

request dated(verb method, std::string path) {
    request made;
    made.method = method;
    made.path = std::move(path);
    made.headers["x-ms-date"] = "Mon, 06 Oct 2025 08:49:37 GMT";
    made.headers["x-ms-version"] = service_version;
    return made;
}

std::string signature(const account& owner, const request& what) {
    return shared_key_authorization(owner, std::get<shared_key>(owner.credential), what);
}

const std::string prefix = "SharedKey devstoreaccount1:";

TEST(shared_key, signs_a_request_without_a_body) {
    auto what = dated(verb::put, "/demo2");
    what.query = {{"restype", "container"}};

    EXPECT_EQ(string_to_sign(path_style(), what),
              "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Mon, 06 Oct 2025 08:49:37 GMT\nx-ms-version:2023-11-03\n"
              "/devstoreaccount1/devstoreaccount1/demo2\nrestype:container");
    EXPECT_EQ(signature(path_style(), what), prefix + "KZ6/aOkUgcKYmO4+zrXf2bhoyXEICAwrPs7Sfkf9Jwg=");
}

TEST(shared_key, signs_a_block_with_escapes_in_path_and_query) {
    auto what = dated(verb::put, "/demo/dir/a b.bin");
    what.query = {{"comp", "block"}, {"blockid", "AAAAAAAAAAH/+w=="}};
    what.headers["content-md5"] = "b1kCrCNwJL3QwXbLkwY9xA==";
    what.headers["x-ms-client-request-id"] = "11111111-2222-3333-4444-555555555555";
    what.body = {bytes("hello "), bytes("world\n")};

    EXPECT_EQ(request_target(path_style(), what),
              "/devstoreaccount1/demo/dir/a%20b.bin?comp=block&blockid=AAAAAAAAAAH%2F%2Bw%3D%3D");
    EXPECT_EQ(signature(path_style(), what), prefix + "7og2zyaJkw53uEoPaggXSkHPwyjFeMPyK30/lPvtOCA=");
    EXPECT_EQ(signature(host_style(), what), prefix + "3ldR/dSpIinw9Y1xTWV+xSbn+/eGSn+eHmtdD8jQR8I=");
}

TEST(shared_key, signs_a_block_list_with_metadata_and_a_condition) {
    auto what = dated(verb::put, "/demo/dir/a b.bin");
    what.query = {{"comp", "blocklist"}};
    what.headers["content-type"] = "application/xml";
    what.headers["x-ms-blob-content-type"] = "application/octet-stream";
    set_metadata(what, {{"gen", "7"}, {"writer", "w1"}});
    set_condition(what, condition::match("*"));
    what.body = {bytes("<?xml version=\"1.0\" encoding=\"utf-8\"?>"),
                 bytes("<BlockList><Latest>AAAAAAAAAAH/+w==</Latest></BlockList>")};

    EXPECT_EQ(signature(path_style(), what), prefix + "D2XJrv5548k9F8Wi33XxCY3HxBRgegkyVatvvDaL0Cg=");
}

TEST(shared_key, signs_a_listing_with_its_query_decoded_and_sorted) {
    auto what = dated(verb::get, "/demo");
    what.query = {{"restype", "container"},
                  {"comp", "list"},
                  {"prefix", "dir/a b"},
                  {"delimiter", "/"},
                  {"include", "metadata,uncommittedblobs"},
                  {"maxresults", "5000"}};

    EXPECT_EQ(signature(path_style(), what), prefix + "QVa0VtfqjqWgmY59r66kiiCx4CC8pkKxu95n/LL1tVY=");
    EXPECT_EQ(signature(host_style(), what), prefix + "LtxG4ivlErXZ+QWLvAj6hkfj7AziKdZM6ttuCpcNU8g=");
}

TEST(shared_key, signs_a_range_in_either_header) {
    auto what = dated(verb::get, "/demo/dir/a b.bin");
    what.headers["x-ms-range"] = "bytes=0-4";
    EXPECT_EQ(signature(path_style(), what), prefix + "uGf2pdh8OdTYoUi3AL9rtA4Dh7Xw6Kdx2ziZ5jbxz98=");

    what.headers.erase("x-ms-range");
    what.headers["range"] = "bytes=0-4";
    EXPECT_EQ(signature(path_style(), what), prefix + "5f4P0LVm4XfOuOTivnFo6Io0Clux+PLrKV3x3K7jUcI=");
}

TEST(shared_key, signs_headers_in_the_services_order_and_not_in_that_of_bytes) {
    auto what = dated(verb::put, "/c/b");
    set_metadata(what, {{"a1", "x"}, {"a_b", "y"}, {"ab", "z"}});

    const auto text = string_to_sign(path_style(), what);
    EXPECT_LT(text.find("x-ms-meta-a_b"), text.find("x-ms-meta-a1"));
    EXPECT_LT(text.find("x-ms-meta-a1"), text.find("x-ms-meta-ab"));
}

TEST(encoding, leaves_only_unreserved_characters_alone) {
    EXPECT_EQ(encode_path("/a b/c+d%?#ä~-._"), "/a%20b/c%2Bd%25%3F%23%C3%A4~-._");
    EXPECT_EQ(encode_query_value("a/b=c&d"), "a%2Fb%3Dc%26d");
}

TEST(target, of_the_account_itself_is_a_slash) {
    EXPECT_EQ(request_target(host_style(), dated(verb::get, "")), "/");
    EXPECT_EQ(request_target(path_style(), dated(verb::get, "")), "/devstoreaccount1");
}

TEST(target, carries_a_sas_verbatim_and_shows_none_of_it) {
    auto owner = host_style();
    owner.credential = shared_access_signature{"sv=2023-11-03&sp=rw&sig=se%2Bcret%3D&torn"};
    auto what = dated(verb::get, "/c/b");

    EXPECT_EQ(request_target(owner, what), "/c/b?sv=2023-11-03&sp=rw&sig=se%2Bcret%3D&torn");
    EXPECT_EQ(redacted_target(owner, what), "/c/b?sv=REDACTED&sp=REDACTED&sig=REDACTED&REDACTED");

    what.query = {{"comp", "metadata"}};
    EXPECT_EQ(request_target(owner, what), "/c/b?comp=metadata&sv=2023-11-03&sp=rw&sig=se%2Bcret%3D&torn");
}

TEST(metadata, that_would_become_another_header_is_refused) {
    request what;
    EXPECT_THROW(set_metadata(what, {{"a", "b\r\nx-ms-evil: 1"}}), async::error);
    EXPECT_THROW(set_metadata(what, {{"a b", "c"}}), async::error);
    EXPECT_THROW(set_metadata(what, {{"", "c"}}), async::error);
    EXPECT_THROW(set_metadata(what, {{"a", "\xc3\xa4"}}), async::error);
    EXPECT_TRUE(what.headers.empty());
}

TEST(content, is_restated_header_by_header_and_empty_ones_are_left_out) {
    request what;
    set_content(what, {"text/csv", "gzip", "", "", "no-cache"});

    const std::map<std::string, std::string> expected{{"x-ms-blob-content-type", "text/csv"},
                                                      {"x-ms-blob-content-encoding", "gzip"},
                                                      {"x-ms-blob-cache-control", "no-cache"}};
    EXPECT_EQ(what.headers, expected);
}

} // namespace
} // namespace azure
