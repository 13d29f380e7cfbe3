#include "http/server/router.hpp"

#include "async/error.hpp"
#include "http/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace http {

namespace {

using segments = std::vector<std::string_view>;

// "/a//b" has the segments "a", "" and "b"; "/" has one, which is empty.
segments split(std::string_view path) {
    segments parts;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        parts.push_back(path.substr(0, path.find('/')));
        path.remove_prefix(parts.back().size());
    }
    return parts;
}

bool is_name(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
std::string_view name_of(std::string_view segment) { return segment.substr(1, segment.size() - 2); }

bool fits(const segments& pattern, const std::vector<std::string>& path) {
    return std::ranges::equal(pattern, path, [](std::string_view wanted, const std::string& given) {
        return is_name(wanted) ? !given.empty() : wanted == given;
    });
}

// The first segment in which they differ decides: a literal before a name.
bool more_literal(const segments& one, const segments& other) {
    for (std::size_t i = 0; i < one.size(); ++i)
        if (is_name(one[i]) != is_name(other[i]))
            return !is_name(one[i]);
    return false;
}

// Two patterns of one path, whatever they call its parameters.
bool same_shape(const segments& one, const segments& other) {
    return std::ranges::equal(
        one, other, [](std::string_view a, std::string_view b) { return is_name(a) ? is_name(b) : a == b; });
}

bool answers(std::string_view route_method, std::string_view method) {
    return route_method == method || (method == "HEAD" && route_method == "GET");
}

std::string listed(std::set<std::string_view> methods) {
    if (methods.contains("GET"))
        methods.insert("HEAD");
    std::string list;
    for (const auto method : methods)
        list.append(list.empty() ? "" : ", ").append(method);
    return list;
}

} // namespace

router::router(std::vector<route> routes)
    : routes_(std::move(routes)) {
    const auto refuse = [](std::string_view why, const route& each) {
        throw async::error(async::failure::internal, fmt::format("{}{} {}", why, each.method, each.pattern));
    };
    for (const auto& each : routes_) {
        if (!each.pattern.starts_with('/'))
            refuse("no good route: ", each);
        auto parts = split(each.pattern);
        for (std::size_t before = 0; before < segments_.size(); ++before)
            if (routes_[before].method == each.method && same_shape(segments_[before], parts))
                refuse(fmt::format("two routes of one shape: {} and ", routes_[before].pattern), each);
        segments_.push_back(std::move(parts));
    }
}

match router::look_up_exactly(std::string_view method, std::string_view path) const {
    std::vector<std::string> given;
    for (const auto segment : split(path)) {
        auto decoded = percent_decoded(segment);
        if (!decoded)
            return malformed{};
        given.push_back(std::move(*decoded));
    }
    // Of the paths that fit, the most literal counts, whatever its methods.
    const segments* best = nullptr;
    for (const auto& pattern : segments_)
        if (fits(pattern, given) && (best == nullptr || more_literal(pattern, *best)))
            best = &pattern;
    if (best == nullptr)
        return not_found{};
    std::set<std::string_view> methods;
    const route* chosen = nullptr;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!same_shape(segments_[i], *best))
            continue;
        methods.insert(routes_[i].method);
        if (!answers(routes_[i].method, method) || (chosen != nullptr && routes_[i].method != method))
            continue;
        chosen = &routes_[i];
        best = &segments_[i];
    }
    if (chosen == nullptr)
        return method_not_allowed{listed(std::move(methods))};
    found result{chosen, {}};
    for (std::size_t i = 0; i < best->size(); ++i)
        if (is_name((*best)[i]))
            result.parameters.emplace(name_of((*best)[i]), std::move(given[i]));
    return result;
}

match router::look_up(std::string_view method, std::string_view path) const {
    auto exact = look_up_exactly(method, path);
    if (!std::holds_alternative<not_found>(exact) || path == "/")
        return exact;
    const auto end = path.find_last_not_of('/');
    std::string other(path.substr(0, end == std::string_view::npos ? 0 : end + 1));
    if (other.size() == path.size() || other.empty())
        other += '/';
    const auto there = look_up_exactly(method, other);
    if (std::holds_alternative<found>(there) || std::holds_alternative<method_not_allowed>(there))
        return moved{std::move(other)};
    return exact;
}

} // namespace http
