#include "events/event_batch.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace events {
namespace {

event_batch of_a_request() {
    auto text = std::make_shared<const std::string>("1\n22");
    const std::string_view whole = *text;
    return {std::move(text), {whole.substr(0, 1), whole.substr(2)}, {{"h", "v"}}};
}

std::string text_of(const event_batch& batch) {
    std::string text;
    for (std::size_t at = 0; at < batch.size(); ++at) {
        text += std::string(batch[at].key.value_or("-")) + ' ' + std::string(batch[at].value);
        for (const auto& each : batch[at].headers)
            text += ' ' + each.name + '=' + each.value;
        text += ';';
    }
    return text;
}

TEST(event_batch, shares_the_text_and_the_headers_of_a_request) {
    auto batch = of_a_request();
    const auto moved = std::move(batch);
    EXPECT_EQ(text_of(moved), "- 1 h=v;- 22 h=v;");
}

TEST(event_batch, keeps_events_that_have_their_own) {
    std::vector<event> events{{"k", {{"a", "b"}}, "1"}, {std::nullopt, {}, ""}};
    const event_batch batch(std::move(events));
    EXPECT_EQ(text_of(batch), "k 1 a=b;- ;");
    EXPECT_TRUE(event_batch().empty());
}

TEST(event_batch, adds_a_header_to_the_first_event_alone) {
    auto posted = of_a_request();
    posted.add_to_first({"x", "y"});
    EXPECT_EQ(text_of(posted), "- 1 h=v x=y;- 22 h=v;");
    event_batch own(std::vector<event>(2));
    own.add_to_first({"x", "y"});
    EXPECT_EQ(text_of(own), "-  x=y;- ;");
}

TEST(event_batch, adds_a_header_to_each_event) {
    auto posted = of_a_request();
    posted.add_to_first({"x", "y"});
    posted.add_to_each({"e", "e"});
    EXPECT_EQ(text_of(posted), "- 1 h=v x=y e=e;- 22 h=v e=e;");
    event_batch own(std::vector<event>(2));
    own.add_to_each({"e", "e"});
    EXPECT_EQ(text_of(own), "-  e=e;-  e=e;");
}

} // namespace
} // namespace events
