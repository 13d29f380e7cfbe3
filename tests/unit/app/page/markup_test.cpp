#include "app/page/markup.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

using namespace std::chrono_literals;

TEST(escaped, makes_text_of_markup) {
    EXPECT_EQ(escaped(R"(<script a="b" c='d'> & </script>)"),
              "&lt;script a=&quot;b&quot; c=&#39;d&#39;&gt; &amp; &lt;/script&gt;");
    EXPECT_EQ(escaped("caf\xe9 😀"), "caf\xef\xbf\xbd 😀");
}

TEST(grouped, parts_thousands) {
    const std::pair<std::uint64_t, std::string_view> cases[] = {
        {0, "0"}, {999, "999"}, {1'000, "1,000"}, {123'456, "123,456"}, {1'234'567, "1,234,567"}};
    for (const auto& [number, text] : cases)
        EXPECT_EQ(grouped(number), text);
}

TEST(byte_count, scales_by_thousands) {
    const std::pair<std::uint64_t, std::string_view> cases[] = {{0, "0 B"},
                                                                {999, "999 B"},
                                                                {1'000, "1.0 kB"},
                                                                {999'949, "999.9 kB"},
                                                                {999'951, "1.0 MB"},
                                                                {5'577'891, "5.6 MB"},
                                                                {~std::uint64_t{0}, "18446.7 PB"}};
    for (const auto& [bytes, text] : cases)
        EXPECT_EQ(byte_count(bytes), text);
}

TEST(time_span, takes_the_unit_that_fits) {
    const std::pair<std::chrono::duration<double>, std::string_view> cases[] = {
        {0s, "0 ms"},           {840ms, "840 ms"},    {999.6ms, "1.0 s"},       {12.34s, "12.3 s"},
        {59.96s, "1 min 00 s"}, {200s, "3 min 20 s"}, {3'599.6s, "1 h 00 min"}, {7'500s, "2 h 05 min"}};
    for (const auto& [span, text] : cases)
        EXPECT_EQ(time_span(span), text);
}

} // namespace
} // namespace app
