#include "exports/sink/hidden_name.hpp"

#include <algorithm>
#include <array>

namespace exports {

namespace {

constexpr std::size_t nonce_size = 16;
constexpr std::array<std::string_view, 5> endings{".pending.part", ".pending", ".part", ".probe", ".probed"};

bool is_hex(char each) { return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'f'); }

} // namespace

std::optional<hidden_name> hidden_name::from_text(std::string_view text) {
    const auto ending = std::ranges::find_if(endings, [text](auto each) { return text.ends_with(each); });
    if (ending == endings.end() || !text.starts_with('.') || text.size() <= ending->size())
        return std::nullopt;
    text.remove_prefix(1);
    text.remove_suffix(ending->size());
    if (text.size() <= nonce_size + 1 || text[text.size() - nonce_size - 1] != '.')
        return std::nullopt;
    const auto nonce = text.substr(text.size() - nonce_size);
    const auto name = file_name::from_text(text.substr(0, text.size() - nonce_size - 1));
    if (!name || !std::ranges::all_of(nonce, is_hex))
        return std::nullopt;
    return hidden_name{*name, std::string(nonce)};
}

} // namespace exports
