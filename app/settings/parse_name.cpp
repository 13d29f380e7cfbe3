#include "app/settings/parse_name.hpp"

#include "async/ascii.hpp"
#include "azure/auth/account.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace app {

namespace {

// Takes the identifier at the front of `rest` and returns it without its quotes; nullopt if `rest` begins
// otherwise.
std::optional<std::string> take_identifier(std::string_view& rest) {
    std::string name;
    if (rest.starts_with('"')) {
        std::size_t at = 1;
        for (;; ++at) {
            if (at >= rest.size())
                return std::nullopt;
            if (rest[at] == '"' && (at + 1 >= rest.size() || rest[at + 1] != '"'))
                break;
            if (rest[at] == '"')
                ++at; // a doubled quote stands for one
            name += rest[at];
        }
        rest.remove_prefix(at + 1);
    } else {
        const auto end = std::min(rest.find_first_of(".\"; \t\n'()@/:=?&%#\\"), rest.size());
        name = rest.substr(0, end);
        rest.remove_prefix(end);
    }
    return name.empty() ? std::nullopt : std::optional(name);
}

} // namespace

parsed_name parse_table(std::string_view text) {
    constexpr auto wrong = R"(give a table as SQL writes it, such as public."Event")";
    auto rest = text;
    for (int part = 0; part < 2; ++part) {
        if (!take_identifier(rest))
            return {{}, wrong};
        if (rest.empty())
            return {std::string(text), {}};
        if (!rest.starts_with('.'))
            return {{}, wrong};
        rest.remove_prefix(1);
    }
    return {{}, wrong};
}

parsed_name parse_column(std::string_view text) {
    if (!text.empty() && !text.starts_with('"') && text.find("://") == std::string_view::npos)
        return {std::string(text), {}};
    auto rest = text;
    auto name = take_identifier(rest);
    if (!name || !rest.empty())
        return {{}, "give a column's name, plain or in double quotes"};
    return {std::move(*name), {}};
}

parsed<std::vector<std::string>> parse_columns(std::string_view text) {
    constexpr auto wrong = "give columns as in `tenant,id`: plain or in double quotes, each once";
    std::vector<std::string> names;
    for (text = async::trimmed(text); !text.empty(); text = async::trimmed(text)) {
        std::string name;
        if (text.starts_with('"')) {
            auto quoted = take_identifier(text);
            text = async::trimmed(text);
            if (!quoted || !(text.empty() || text.starts_with(',')))
                return wrong;
            name = std::move(*quoted);
        } else {
            const auto comma = std::min(text.find(','), text.size());
            name = async::trimmed(text.substr(0, comma));
            text.remove_prefix(comma);
        }
        if (name.empty() || std::ranges::find(names, name) != names.end() || async::trimmed(text) == ",")
            return wrong;
        names.push_back(std::move(name));
        text.remove_prefix(std::min<std::size_t>(1, text.size()));
    }
    return names;
}

parsed<lake_path> parse_lake_path(std::string_view text) {
    while (text.ends_with('/'))
        text.remove_suffix(1);
    while (text.starts_with('/'))
        text.remove_prefix(1);
    const auto slash = std::min(text.find('/'), text.size());
    lake_path path{std::string(text.substr(0, slash)),
                   std::string(text.substr(std::min(slash + 1, text.size())))};
    if (auto mistake = azure::container_name_mistake(path.container); !mistake.empty())
        return "the container's name " + mistake;
    // Rules for blob names: docs of "Naming and referencing containers, blobs, and metadata".
    std::string_view rest = path.folder;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto part = rest.substr(0, end);
        const bool control =
            std::ranges::any_of(part, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
        if (part.empty() || part == "." || part == ".." || part.ends_with('.') || control ||
            part.find('\\') != std::string_view::npos)
            return "the folder may not hold empty parts, `.`, `..`, parts that end with a dot, backslashes "
                   "or control"
                   " characters";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (const auto query = path.folder.find('?');
        query != std::string::npos && path.folder.find('=', query) != std::string::npos)
        return "a path has no query: a SAS goes into AZURE_STORAGE_SAS_TOKEN";
    if (path.folder.size() > 900)
        return "the folder is too long: a blob's name has at most 1,024 characters";
    return path;
}

} // namespace app
