// The page that --report writes: the result of a run, or the content of an archive. One HTML file that loads
// nothing, can be read without its script, and fits a phone, in light and dark.
#pragma once

#include "lake/day.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

struct page_day {
    lake::day which;
    std::string file;
    std::string state;                      // "created", "appended", "restored", or as `list` has it
    std::optional<std::uint64_t> rows;      // nullopt: not known
    std::uint64_t bytes = 0;                // as stored
    std::optional<std::uint64_t> csv_bytes; // before compression
};

// A bar in the picture of the run.
struct page_stretch {
    std::string row; // "phases", "reader 1"; rows are shown in the order in which they first turn up
    std::string name;
    double begin = 0; // seconds since the run began
    double end = 0;
};

struct page_fact {
    std::string name;
    std::string value;
};

enum class page_tone : std::uint8_t { good, waiting, bad };

struct report_page {
    std::string title;
    std::string verdict; // a sentence: how it ended
    page_tone tone = page_tone::good;
    std::string hint;    // what to do about it; may be empty
    std::string subject; // of what and where
    std::vector<page_fact> facts;
    std::vector<page_day> days; // in any order; a day may have two files
    std::vector<page_stretch> timeline;
    std::size_t stretches_left_out = 0;
    std::vector<page_fact> settings; // that were in force, by the name of their variables
    std::string footer;
};

// All text is escaped here.
[[nodiscard]] std::string render(const report_page& page);

} // namespace app
