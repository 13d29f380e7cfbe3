// A name that has a day is the name which that day gives its file.
#include "lake/day.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view name(reinterpret_cast<const char*>(data), size);
    if (const auto found = lake::key_of_file(name)) {
        check(name == found->which.file_name(found->compression), "the name is the file's");
        check(lake::day::from_number(found->which.number()) == found->which, "the number is the day's");
    }
    if (const auto found = lake::day::from_text(name))
        check(found->text() == name, "the text is the day's");
    return 0;
}
