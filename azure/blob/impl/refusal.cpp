#include "azure/blob/impl/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace azure {

namespace {

// A field of a SAS, percent-decoded; empty unless it is of harmless characters.
std::string field(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=")
            continue;
        std::string value;
        for (auto rest = pair.substr(name.size() + 1); !rest.empty(); rest.remove_prefix(1)) {
            unsigned byte = 0;
            if (rest.front() == '%' && rest.size() >= 3 &&
                std::from_chars(rest.data() + 1, rest.data() + 3, byte, 16).ec == std::errc()) {
                value += static_cast<char>(byte);
                rest.remove_prefix(2);
            } else {
                value += rest.front();
            }
        }
        const auto harmless = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'T' || c == 'Z' || c == ':' ||
                   c == '-' || c == '.' || c == ',';
        };
        return std::all_of(value.begin(), value.end(), harmless) ? value : std::string();
    }
    return {};
}

std::string operation(const request& request, std::string_view name) {
    for (const auto& [key, value] : request.query)
        if (key == name)
            return value;
    return {};
}

std::string listed(const std::vector<permission>& all) {
    std::string text;
    for (const auto& each : all)
        text += fmt::format("{}'{}' ({})", text.empty() ? "" : " and ", each.letter, each.word);
    return text;
}

std::string container_of(const request& request) {
    return request.path.empty() ? request.path : request.path.substr(1, request.path.find('/', 1) - 1);
}

// A SAS that does not count (yet, or any more), or empty.
std::string out_of_date(std::string_view query, std::chrono::sys_seconds now) {
    const auto date = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day day(date);
    const std::chrono::hh_mm_ss time(now - date);
    const auto today = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int{day.year()},
                                   unsigned{day.month()}, unsigned{day.day()}, time.hours().count(),
                                   time.minutes().count(), time.seconds().count());
    const auto ends = field(query, "se");
    if (!ends.empty() && ends < today)
        return fmt::format("The SAS expired at {}: make a new one.", ends);
    const auto begins = field(query, "st");
    if (!begins.empty() && begins > today)
        return fmt::format("The SAS is valid from {} on; wait, or make one without a start.", begins);
    return {};
}

std::string lacking_in(std::string_view query, const request& request) {
    const auto needed = permissions_for(request);
    if (needed.empty())
        return fmt::format(
            "A SAS cannot do that to container '{}': create it once, with the account's key or a role.",
            container_of(request));
    const auto given = field(query, "sp");
    auto lacking = needed;
    std::erase_if(lacking,
                  [&](const permission& each) { return given.find(each.letter) != std::string::npos; });
    if (given.empty() || lacking.empty())
        return fmt::format("The SAS, or its stored access policy, must allow {} on container '{}'.",
                           listed(needed), container_of(request));
    return fmt::format("The SAS lacks {} for container '{}': it allows '{}'.", listed(lacking),
                       container_of(request), given);
}

std::string hint_for_signature(std::string_view query, const request& request, std::string_view code,
                               std::chrono::sys_seconds now) {
    if (code == "AuthenticationFailed" || code == "AuthorizationFailure")
        if (auto late = out_of_date(query, now); !late.empty())
            return late;
    if (code == "AuthorizationPermissionMismatch")
        return lacking_in(query, request);
    if (code == "AuthorizationProtocolMismatch")
        return "The SAS is for HTTPS only: give an endpoint that begins with https://.";
    if (code == "AuthorizationSourceIPMismatch")
        return fmt::format(
            "The SAS is for the addresses '{}', and this machine's public address is another one.",
            field(query, "sip"));
    if (code == "AuthorizationResourceTypeMismatch")
        return "The SAS must be for containers and objects (srt=co).";
    if (code == "AuthorizationServiceMismatch")
        return "The SAS must be for the blob service (ss=b).";
    return "Check that the SAS was copied whole, and that the key that signed it has not been changed since.";
}

std::string hint_for_identity(const request& request, std::string_view code) {
    if (code != "AuthorizationPermissionMismatch" && code != "AuthorizationFailure")
        return "Check that the storage account belongs to the tenant of the identity.";
    const bool about_tags = operation(request, "comp") == "tags" || request.headers.contains("x-ms-tags");
    return fmt::format(
        "Give the identity the role Storage Blob Data {} on container '{}'; that takes some minutes"
        " to take effect. The account's network rules may refuse too.",
        about_tags ? "Owner, for index tags," : "Contributor", container_of(request));
}

} // namespace

std::vector<permission> permissions_for(const request& request) {
    const auto comp = operation(request, "comp");
    const bool reads = request.method == verb::get || request.method == verb::head;
    if (comp == "list")
        return {{'l', "list"}};
    if (operation(request, "restype") == "container")
        return {};
    if (comp == "tags" && reads)
        return {{'t', "tags"}};
    if (reads)
        return {{'r', "read"}};
    if (request.method == verb::del)
        return {{'d', "delete"}};
    if (operation(request, "resource") == "directory")
        return {{'c', "create"}};
    std::vector<permission> needed{{'w', "write"}};
    if (request.headers.contains("x-ms-tags"))
        needed.push_back({'t', "tags"});
    return needed;
}

std::string refusal_hint(const sent_request& refused, std::string_view code, std::chrono::sys_seconds now) {
    if (code == "KeyBasedAuthenticationNotPermitted")
        return "The account accepts neither account keys nor SAS that they sign: use an Entra identity.";
    if (code == "AccountIsDisabled")
        return "The storage account is disabled: look at the subscription.";
    const auto* signature = std::get_if<shared_access_signature>(&refused.used);
    if (code == "AccountRequiresHttps" || (code == "AuthorizationProtocolMismatch" && signature == nullptr))
        return "The account accepts HTTPS only: give an endpoint that begins with https://.";
    if (code == "AuthorizationSourceIPMismatch" && signature == nullptr)
        return "The account's network rules refuse this machine's address.";
    if (signature != nullptr)
        return hint_for_signature(signature->query, refused.request, code, now);
    if (std::holds_alternative<entra_identity>(refused.used))
        return hint_for_identity(refused.request, code);
    return code == "AuthorizationFailure"
               ? "The account's network rules refuse this machine's address, or the account key is wrong."
               : "Check the account key: it may have been changed.";
}

} // namespace azure
