#include "azure/blob/impl/service_error.hpp"

#include "azure/blob/xml.hpp"
#include "azure/impl/clock.hpp"
#include "http/client/retry_after.hpp"
#include "http/date.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace azure {

namespace {

constexpr std::size_t code_max = 100;
constexpr std::size_t line_max = 500;

// A code of the service's is one word. Anything else, such as a proxy's page, is not a code.
std::string code_in(std::string_view text) {
    const bool word = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    });
    return word && text.size() <= code_max ? std::string(text) : std::string();
}

// Of what the service writes; the lines after the first repeat request id and time.
std::string_view first_line(std::string_view message) {
    message = message.substr(0, message.find_first_of("\r\n"));
    auto end = std::min(message.size(), line_max);
    while (end < message.size() && end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80)
        --end; // not within a character
    message = message.substr(0, end);
    while (!message.empty() && (message.back() == '.' || message.back() == ' '))
        message.remove_suffix(1);
    return message;
}

// What to look at; the codes of
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
std::string hint_for(const http::wire_response& answer, std::string_view code,
                     std::chrono::system_clock::time_point now, const sent_request& refused) {
    if (code == "ContainerNotFound")
        return "Check the container's name and that it has not been deleted.";
    if (code == "BlobArchived" || code == "BlobBeingRehydrated")
        return "Bring it back from the Archive tier: az storage blob set-tier --tier Hot; that takes hours.";
    if (code == "BlobImmutableDueToPolicy")
        return "An immutability policy or a legal hold protects it: remove that, or write to another "
               "container.";
    if (answer.status == 412 && code.starts_with("Lease"))
        return "Somebody holds a lease on it: break or release that, az storage blob lease break.";
    if (code == "SnapshotsPresent")
        return "Delete its snapshots: az storage blob delete --delete-snapshots only.";
    if (code == "InvalidBlobOrBlock")
        return "Blocks that others have staged lie under its name, and their ids are of another length. The"
               " service discards them after a week; so does an upload of an empty blob, which is then "
               "deleted.";
    if (code == "FeatureNotYetSupportedForHierarchicalNamespaceAccounts")
        return "An account with a hierarchical namespace takes no index tags: leave ARCHIVE_TAGS out.";
    if (classify(answer.status, code) != async::failure::refused)
        return {};
    if (code == "AuthenticationFailed")
        if (auto clock = clock_hint(answer, now); !clock.empty())
            return clock;
    const auto theirs = http::parse_http_date(answer.header("date"));
    return refusal_hint(refused, code, theirs.value_or(std::chrono::floor<std::chrono::seconds>(now)));
}

} // namespace

storage_error service_error(const http::wire_response& answer, const std::string& client_request_id,
                            std::chrono::system_clock::time_point now, const sent_request& refused) {
    const auto document = parse_error(answer.body);
    // An answer to HEAD has no body, so the code comes in a header too.
    auto code = code_in(answer.header("x-ms-error-code"));
    if (code.empty())
        code = code_in(document.code);

    auto message = fmt::format("{} {}", answer.status, code.empty() ? "without a service code" : code);
    if (const auto line = first_line(document.message); !line.empty())
        message.append(": ").append(line);
    auto hint = hint_for(answer, code, now, refused);
    const auto kind = classify(answer.status, code);
    storage_error made(kind, std::move(message), answer.status, std::move(code),
                       std::string(answer.header("x-ms-request-id")), client_request_id, std::move(hint));
    if (const auto pause = http::retry_after(answer, now))
        made.set_retry_after(*pause);
    return made;
}

} // namespace azure
