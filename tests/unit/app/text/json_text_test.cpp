#include "app/text/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace app {
namespace {

namespace json = boost::json;

TEST(json_text, writes_numbers_without_an_exponent_that_they_do_not_need) {
    const json::object document{{"ratio", 1.0},
                                {"share", 2.5},
                                {"small", -0.0099427},
                                {"none", 0.0},
                                {"most", std::numeric_limits<std::uint64_t>::max()}};
    EXPECT_EQ(json_text(document),
              R"({"ratio":1,"share":2.5,"small":-0.0099427,"none":0,"most":18446744073709551615})");
}

TEST(json_text, leaves_texts_and_their_escapes_alone) {
    const json::array document{"1E0", "a\\\"1E0", "\\", 1.0, "-2E5", json::object{{"1E0", nullptr}}};
    EXPECT_EQ(json_text(document), R"(["1E0","a\\\"1E0","\\",1,"-2E5",{"1E0":null}])");
}

TEST(json_text, is_read_back_as_the_same_number) {
    for (const double value : {1e300, 0.1, 1e17, 123456789.123456789, -1e-7})
        EXPECT_EQ(std::stod(json_text(value)), value);
}

} // namespace
} // namespace app
