#include "csv/field_ends.hpp"

#include "csv/block_masks.hpp"
#include "csv/field.hpp"

#include <bit>
#include <cstring>

namespace csv {

std::size_t find_field_ends(std::string_view row, std::span<std::size_t> ends) noexcept {
    if (row.ends_with('\n'))
        row.remove_suffix(1);
    std::size_t fields = 0;
    std::uint64_t quoted_before = 0; // all ones inside quotes
    for (std::size_t begin = 0; begin < row.size(); begin += block_size) {
        block_masks at;
        if (row.size() - begin >= block_size) {
            at = classify(row.data() + begin);
        } else {
            char padded[block_size] = {};
            std::memcpy(padded, row.data() + begin, row.size() - begin);
            at = classify(padded);
        }
        const auto quoted = running_parity(at.quote) ^ quoted_before;
        quoted_before = std::uint64_t{0} - (quoted >> (block_size - 1));
        for (auto commas = at.comma & ~quoted; commas != 0; commas &= commas - 1) {
            if (fields < ends.size())
                ends[fields] = begin + static_cast<std::size_t>(std::countr_zero(commas));
            ++fields;
        }
    }
    if (fields < ends.size())
        ends[fields] = row.size();
    return fields + 1;
}

std::string_view raw_field(std::string_view row, std::span<const std::size_t> ends,
                           std::size_t position) noexcept {
    const auto begin = position == 0 ? 0 : ends[position - 1] + 1;
    return row.substr(begin, ends[position] - begin);
}

std::string_view unquoted(std::string_view raw, std::string& storage) {
    if (raw.empty() || raw.front() != '"')
        return raw;
    const field found{raw.substr(1, raw.size() - 2), true, raw.size()};
    if (found.text.find('"') == std::string_view::npos)
        return found.text;
    storage = undoubled(found);
    return storage;
}

} // namespace csv
