#include "lake/folder/side_copy.hpp"

#include "async/number.hpp"
#include "lake/mark/mark.hpp"

#include <fmt/format.h>

namespace lake {

namespace {

constexpr std::string_view copy_prefix = "event-archiver-copy-of-";
constexpr std::string_view copy_suffix = ".part";

// Lowercase letters only, as in mark.cpp.
constexpr const char* original_name = "archivercopyof";
constexpr const char* copy_bytes_name = "archivercopybytes";
constexpr const char* copy_crc_name = "archivercopycrc";
constexpr const char* run_name = "archivercopyrun";

std::string_view value(const azure::metadata& values, const char* name) noexcept {
    const auto found = values.find(name);
    return found == values.end() ? std::string_view() : std::string_view(found->second);
}

} // namespace

std::string side_copy_name(const file_key& original) {
    return fmt::format("{}{}{}", copy_prefix, original.which.file_name(original.compression), copy_suffix);
}

std::optional<file_key> key_of_side_copy(std::string_view name) noexcept {
    if (!name.starts_with(copy_prefix) || !name.ends_with(copy_suffix) ||
        name.size() < copy_prefix.size() + copy_suffix.size())
        return std::nullopt;
    name.remove_prefix(copy_prefix.size());
    name.remove_suffix(copy_suffix.size());
    return key_of_file(name);
}

azure::metadata without_copy_mark(const azure::metadata& values) {
    auto rest = values;
    for (const auto* const name : {original_name, copy_bytes_name, copy_crc_name, run_name})
        rest.erase(name);
    return rest;
}

azure::metadata metadata_with(const side_copy_mark& mark, const azure::metadata& others) {
    auto values = others;
    values.insert_or_assign(original_name, mark.original);
    values.insert_or_assign(copy_bytes_name, std::to_string(mark.bytes));
    values.insert_or_assign(copy_crc_name, fmt::format("{:016x}", mark.crc));
    values.insert_or_assign(run_name, mark.run);
    return values;
}

std::optional<side_copy_mark> side_copy_mark_from(const azure::metadata& values) noexcept {
    const auto bytes = async::number_from<std::uint64_t>(value(values, copy_bytes_name), 10);
    const auto crc = async::number_from<std::uint64_t>(value(values, copy_crc_name), 16);
    if (!bytes || !crc || value(values, original_name).empty())
        return std::nullopt;
    return side_copy_mark{std::string(value(values, original_name)), *bytes, *crc,
                          std::string(value(values, run_name))};
}

copy_decision decide_copy(original_state original) noexcept {
    switch (original) {
    case original_state::absent:
        return copy_decision::rebuild;
    case original_state::as_copied:
        return copy_decision::remove_original;
    case original_state::begins_alike:
        return copy_decision::remove_copy;
    case original_state::not_looked:
        return copy_decision::look_at_bytes;
    case original_state::otherwise:
        break;
    }
    return copy_decision::refuse;
}

std::string_view to_string(copy_decision decision) noexcept {
    switch (decision) {
    case copy_decision::remove_original:
        return "remove original";
    case copy_decision::rebuild:
        return "rebuild";
    case copy_decision::remove_copy:
        return "remove copy";
    case copy_decision::look_at_bytes:
        return "look at bytes";
    case copy_decision::refuse:
        break;
    }
    return "refuse";
}

} // namespace lake
