// The judge of rows against PostgreSQL itself: what it takes, COPY takes, as the same key and time. What it
// refuses and COPY takes is of the kinds listed here; never a wrong number of fields or bytes that are no
// text.
#include "csv/row_scanner.hpp"
#include "lake/content/row_judge.hpp"
#include "tests/support/database_fixture.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace lake {
namespace {

class judged_by_copy : public test_support::database_test {};

const expected_file judged_as{
    *day::from_text("2024-02-29"), "id,created_at,note\n", 0, "created_at", {{"id", "integer"}}};

struct judgement {
    std::string mistake;
    std::string key;
};

judgement judged(std::string_view row) {
    judgement made;
    row_judge judge(judged_as);
    (void)judge.take_header(judged_as.header);
    std::size_t rows = 0;
    csv::row_scanner scanner([&](std::string_view line) {
        ++rows;
        const auto wrong = judge.judge(line);
        if (wrong)
            made.mistake = wrong->description;
        made.key = judge.key().empty() ? std::string() : judge.key().front();
    });
    try {
        scanner.feed(row);
        scanner.finish();
    } catch (const csv::malformed& wrong) {
        made.mistake = wrong.reason;
    }
    if (rows != 1 && made.mistake.empty())
        made.mistake = "not one row";
    return made;
}

std::string random_row(std::mt19937& random) {
    static const std::vector<std::string> keys{"1",
                                               "-7",
                                               "0",
                                               "007",
                                               "+7",
                                               " 7",
                                               "7.0",
                                               "2147483647",
                                               "2147483648",
                                               "x",
                                               "",
                                               "\"\"",
                                               "\"7\"",
                                               "1e3",
                                               "\xEF\xBB\xBF"
                                               "1"};
    static const std::vector<std::string> times{"2024-02-29 10:00:00",
                                                "2024-02-29 23:59:59.999999",
                                                "2024-02-29 10:00:00+00",
                                                "2024-02-29 10:00:00.500",
                                                "2024-02-29T10:00:00",
                                                "2024-02-29",
                                                "2024-03-01 00:00:00",
                                                "45292.5",
                                                "infinity",
                                                "",
                                                "29 Feb 2024 10:00",
                                                "2024-02-30 10:00:00",
                                                "2024-02-29 24:00:00",
                                                "2024-02-29 10:00:60",
                                                "\"2024-02-29 10:00:00\"",
                                                "2024-02-29 10:00:00 BC",
                                                " 2024-02-29 10:00:00"};
    static const std::vector<std::string> notes{"a",
                                                "",
                                                "\"\"",
                                                "\"a,b\"",
                                                "\"a\nb\r\nc\"",
                                                "\"a\"\"b\"",
                                                "a\"b",
                                                "\"a\"b",
                                                "\"a",
                                                "caf\xe9",
                                                "caf\xc3\xa9",
                                                "\xed\xa0\x80",
                                                "\xf0\x9f\x98\x80",
                                                std::string("a\0b", 3),
                                                "\\.",
                                                "\\N",
                                                "a\rb",
                                                "a,b"};
    const auto one_of = [&random](const std::vector<std::string>& all) { return all[random() % all.size()]; };
    const auto good = [&random] { return random() % 3 != 0; };
    auto row = (good() ? "5" : one_of(keys)) + "," + (good() ? times[random() % 3] : one_of(times));
    if (random() % 12 != 0)
        row += "," + one_of(notes);
    if (random() % 12 == 0)
        row += ",";
    if (random() % 40 == 0)
        row = random() % 2 == 0 ? "\\." : "";
    return row + (random() % 8 == 0 ? "" : "\n");
}

TEST_F(judged_by_copy, what_it_takes_copy_takes_and_what_copy_takes_it_refuses_for_a_reason) {
    const std::vector<std::string> stricter{"its key",
                                            "its time",
                                            "a quote inside an unquoted field",
                                            "something other than a comma",
                                            "a carriage return",
                                            "the end of the input"};
    const auto story = [&]() -> async::awaitable<void> {
        const auto session = co_await open("options='-c timezone=UTC -c datestyle=ISO'");
        co_await session->execute("CREATE TEMPORARY TABLE t (id integer, created_at timestamp, note text)");
        std::mt19937 random(20'240'229);
        int taken = 0;
        for (int round = 0; round < 1'000; ++round) {
            const auto row = random_row(random);
            const auto ours = judged(row);
            co_await session->execute("TRUNCATE t");
            std::string refused;
            std::uint64_t rows = 0;
            try {
                auto copy = co_await session->start_copy_in("COPY t FROM STDIN (FORMAT csv)");
                co_await copy.write(row);
                rows = co_await copy.finish();
            } catch (const async::error& failed) {
                refused = failed.message();
            }
            const auto shown = testing::PrintToString(row);
            if (ours.mistake.empty()) {
                ++taken;
                EXPECT_EQ(refused, "") << shown;
                EXPECT_EQ(rows, 1U) << shown;
                const auto found = co_await session->query("SELECT id::text, created_at::date::text FROM t "
                                                           "WHERE id IS NOT NULL AND created_at IS NOT NULL");
                EXPECT_EQ(found.rows(), 1) << shown;
                if (found.rows() == 1) {
                    EXPECT_EQ(found.text(0, 0), ours.key) << shown;
                    EXPECT_EQ(found.text(0, 1), "2024-02-29") << shown;
                }
            } else if (refused.empty() && rows == 1) {
                const auto listed = [&](const std::string& begin) { return ours.mistake.starts_with(begin); };
                EXPECT_TRUE(std::ranges::any_of(stricter, listed)) << ours.mistake << ": " << shown;
            }
        }
        EXPECT_GT(taken, 100);
    };
    run(story());
}

} // namespace
} // namespace lake
