#include "app/sources.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>

namespace app {

std::string_view to_string(source from) noexcept {
    switch (from) {
    case source::unset:
        return "unset";
    case source::standard:
        return "default";
    case source::environment:
        return "environment";
    case source::file:
        return "file";
    case source::flag:
        break;
    }
    return "flag";
}

const sourced_text& texts::operator[](std::string_view environment) const {
    static const sourced_text nothing;
    const auto found = values.find(environment);
    return found == values.end() ? nothing : found->second;
}

environment_lookup process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
    };
}

namespace {

std::optional<std::string> content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content;
    std::array<char, 4096> part{};
    // read() reports what an iterator over the buffer would throw, such as a directory in place of the file.
    while (file.read(part.data(), part.size()) || file.gcount() > 0)
        content.append(part.data(), static_cast<std::size_t>(file.gcount()));
    if (!file.eof())
        return std::nullopt;
    if (content.ends_with('\n')) // editors and `echo` leave one
        content.pop_back();
    if (content.ends_with('\r'))
        content.pop_back();
    return content;
}

sourced_text collect_one(const option& wanted, const std::map<std::string, std::string, std::less<>>& flags,
                         const environment_lookup& environment, std::vector<std::string>& mistakes) {
    auto variable = environment(wanted.environment);
    if (!variable && !wanted.alias.empty())
        variable = environment(wanted.alias);
    std::optional<std::string> file;
    if (wanted.is_secret())
        file = environment(fmt::format("{}_FILE", wanted.environment));
    if (variable && file)
        mistakes.push_back(
            fmt::format("{0} and {0}_FILE are both set: keep one of them", wanted.environment));

    if (const auto flag = flags.find(wanted.flag); !wanted.flag.empty() && flag != flags.end())
        return {flag->second, source::flag};
    if (variable)
        return {*variable, source::environment};
    if (file) {
        auto content = content_of(*file);
        if (!content || content->empty()) {
            mistakes.push_back(fmt::format("{}_FILE names '{}', which {}", wanted.environment, *file,
                                           content ? "is empty" : "cannot be read"));
            return {};
        }
        return {std::move(*content), source::file};
    }
    if (!wanted.standard.empty())
        return {std::string(wanted.standard), source::standard};
    return {};
}

} // namespace

texts collect(const std::map<std::string, std::string, std::less<>>& flags,
              const environment_lookup& environment) {
    texts result;
    for (const auto& wanted : options())
        result.values.emplace(wanted.environment, collect_one(wanted, flags, environment, result.mistakes));
    return result;
}

} // namespace app
