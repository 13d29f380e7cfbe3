// Metadata may be edited by anybody. What cannot be read is a mistake with words, never an exception, and
// never mistaken for a file without a mark.

#include "lake/mark/mark.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace lake {
namespace {

using rig::pending_mark;

azure::metadata full() { return metadata_with(pending_mark(), {{"owner", "analytics"}}); }

void expect_mark_or_mistake(const azure::metadata& values) {
    const auto read = mark_from(values);
    EXPECT_NE(read.mark.has_value(), !read.mistake.empty()) << "one of the two, and words for a mistake";
}

TEST(mark_mistake, says_what_is_wrong) {
    const struct {
        std::string name;
        std::optional<std::string> value; // nothing: taken away
        std::string_view mistake;
    } cases[] = {
        {"archiverformat", "3", "its metadata is of format '3', written by a newer event-archiver"},
        {"archiverformat", {}, "its metadata cannot be read: 'archiverformat' is missing"},
        {"archivertable", {}, "its metadata cannot be read: 'archivertable' is missing"},
        {"archiverrows", {}, "its metadata cannot be read: '' is not a number"},
        {"archiverrows", "many", "its metadata cannot be read: 'many' is not a number"},
        {"archiverrows", "-1", "its metadata cannot be read: '-1' is not a number"},
        {"archiverrows", "1 ", "its metadata cannot be read: '1 ' is not a number"},
        {"archiverbytes", "1e3", "its metadata cannot be read: '1e3' is not a number"},
        {"archiverbytes", "18446744073709551616",
         "its metadata cannot be read: '18446744073709551616' is not a number"},
        {"archivercrc", "0x12", "its metadata cannot be read: '0x12' is not a number"},
        {"archivercrc", "10000000000000000",
         "its metadata cannot be read: '10000000000000000' is not a number"},
        {"archiverlast", {}, "its metadata cannot be read: 'run' is missing"},
        {"archiverlast", "nonsense", "its metadata cannot be read: 'nonsense' is not key=value"},
        {"archiverlast", "run=r,xid=4294967299,cluster=c,database=d,timeline=4294967296",
         "its metadata cannot be read: '4294967296' is not a timeline"},
        {"archiverpending", "740",
         "its metadata cannot be read: the pending transaction is not the last writer's"},
        {"archiverbase", {}, "its metadata cannot be read: 'rows' is missing"},
        {"archiverbase", "None", "its metadata cannot be read: 'None' is not key=value"},
        {"archiverbase", "rows=1", "its metadata cannot be read: 'bytes' is missing"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name + "=" + row.value.value_or("(none)"));
        auto values = full();
        values.erase(row.name);
        if (row.value)
            values.emplace(row.name, *row.value);

        const auto read = mark_from(values);

        EXPECT_FALSE(read.mark);
        EXPECT_EQ(read.mistake, row.mistake);
    }
}

TEST(mark_mistake, is_found_whichever_field_of_a_record_is_missing) {
    for (const std::string name : {"archiverlast", "archiverbase"}) {
        const auto text = full().at(name);
        for (std::size_t from = 0; from < text.size();) {
            const auto comma = std::min(text.find(',', from), text.size() - 1);
            auto values = full();
            values[name] = text.substr(0, from) + text.substr(comma + 1);
            SCOPED_TRACE(values[name]);
            // Plain files have no uncompressed size, and 0.1.0 kept neither types nor the CRC of a row.
            const auto field = text.substr(from);
            const bool optional = field.starts_with("uncompressed=") || field.starts_with("types=") ||
                                  field.starts_with("started=") || field.starts_with("rowcrc=");
            EXPECT_EQ(mark_from(values).mark.has_value(), optional);
            expect_mark_or_mistake(values);
            from = comma + 1;
        }
    }
}

TEST(mark_mistake, is_the_worst_that_any_single_change_can_do) {
    const auto original = full();
    for (const auto& [name, text] : original) {
        if (name == "owner")
            continue;
        SCOPED_TRACE(name);
        for (std::size_t at = 0; at <= text.size(); ++at) {
            for (const auto* const inserted : {"", "0", "x", ",", "=", "-", "%", " ", "\n", "\xff"}) {
                for (const std::size_t removed : {0U, 1U, 1000U}) {
                    auto values = original;
                    auto& changed = values[name];
                    changed = text.substr(0, at) + inserted;
                    if (at + removed < text.size())
                        changed += text.substr(at + removed);
                    expect_mark_or_mistake(values);
                }
            }
        }
    }
}

TEST(mark_mistake, does_not_let_a_pending_tail_pass_for_a_final_one) {
    const auto original = full();
    for (const auto& [name, text] : original) {
        if (name == "owner" || name == "archiverpending" || name == "archiveruncompressed")
            continue;
        auto values = original;
        values.erase(name);
        const auto read = mark_from(values);
        EXPECT_FALSE(read.mark) << name;
        EXPECT_NE(read.mistake, "") << name;
    }
}

} // namespace
} // namespace lake
