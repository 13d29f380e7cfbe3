#include "async/log.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <vector>

namespace async {
namespace {

class kept_log final : public log {
  public:
    std::vector<std::string> events;
    std::vector<log_level> levels;
    std::vector<std::size_t> kinds; // of the fields' values

  private:
    void write(log_level level, std::string_view event, std::string_view,
               std::span<const log_field> fields) override {
        events.emplace_back(event);
        levels.push_back(level);
        for (const auto& field : fields)
            kinds.push_back(field.value.index());
    }
};

TEST(log, keeps_what_reaches_its_threshold_and_the_summary_always) {
    const std::pair<log_level, std::vector<std::string>> cases[] = {
        {log_level::debug, {"d", "i", "w", "e", "s"}},
        {log_level::info, {"i", "w", "e", "s"}},
        {log_level::warn, {"w", "e", "s"}},
        {log_level::error, {"e", "s"}},
    };
    for (const auto& [threshold, expected] : cases) {
        kept_log sink;
        sink.set_threshold(threshold);
        sink.debug("d", "");
        sink.info("i", "");
        sink.warn("w", "");
        sink.error("e", "");
        sink.summary("s", "", {});

        EXPECT_EQ(sink.events, expected);
        EXPECT_EQ(sink.levels.back(), log_level::info);
        EXPECT_TRUE(sink.enabled(threshold));
        EXPECT_EQ(sink.enabled(log_level::debug), threshold == log_level::debug);
    }
}

TEST(log, starts_at_info) {
    const kept_log sink;
    EXPECT_FALSE(sink.enabled(log_level::debug));
    EXPECT_TRUE(sink.enabled(log_level::info));
}

TEST(log_field, keeps_the_type_of_its_value) {
    kept_log sink;
    const std::string text = "text";
    sink.info("event", "",
              {{"int", -1},
               {"long", -1L},
               {"unsigned", 1U},
               {"size", std::size_t{1}},
               {"double", 0.5},
               {"flag", true},
               {"literal", "text"},
               {"string", text},
               {"view", std::string_view(text)}});

    EXPECT_THAT(sink.kinds, testing::ElementsAre(0, 0, 1, 1, 2, 3, 4, 4, 4));
}

} // namespace
} // namespace async
