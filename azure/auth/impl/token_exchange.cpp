#include "azure/auth/impl/token_exchange.hpp"

#include "async/number.hpp"
#include "azure/impl/clock.hpp"
#include "azure/percent_encoding.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/retry_after.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace azure {

namespace json = boost::json;
using std::chrono::seconds;

namespace {

constexpr std::size_t quoted_max = 300;        // of what the authority says
constexpr std::chrono::hours lifetime_max{24}; // as that of managed identities, and far from overflow

constexpr std::chrono::minutes assertion_skew{4}; // the authority forgives five

std::string form(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += text.empty() ? "" : "&";
        text.append(name).append("=").append(encode_query_value(value));
    }
    return text;
}

std::string token_path(const identity& who) {
    return encode_path(who.server.path) + "/" + who.tenant + "/oauth2/v2.0/token";
}

token_request to_authority(const identity& who, std::string_view scope, std::string_view assertion) {
    token_request request{"POST", token_path(who), {}, {}};
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.headers.emplace_back("Accept", "application/json");
    request.body = form({{"client_id", who.client}, {"scope", scope}, {"grant_type", "client_credentials"}});
    if (who.kind == identity_kind::client_secret)
        request.body += "&" + form({{"client_secret", who.secret}});
    else
        request.body +=
            "&" + form({{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                        {"client_assertion", assertion}});
    return request;
}

// Version 1 of the protocol has resources where version 2 has scopes.
std::string_view resource_of(std::string_view scope) {
    constexpr std::string_view suffix = "/.default";
    if (scope.ends_with(suffix))
        scope.remove_suffix(suffix.size());
    return scope;
}

token_request to_managed(const identity& who, std::string_view scope) {
    const bool machine = who.kind == identity_kind::machine;
    token_request request{"GET", encode_path(who.server.path), {}, {}};
    if (machine)
        request.target += "/metadata/identity/oauth2/token";
    request.target += "?" + form({{"api-version", machine ? "2018-02-01" : "2019-08-01"},
                                  {"resource", resource_of(scope)}});
    if (!who.client.empty())
        request.target += "&" + form({{"client_id", who.client}});
    if (machine)
        request.headers.emplace_back("Metadata", "true");
    else
        request.headers.emplace_back("X-IDENTITY-HEADER", who.secret);
    return request;
}

std::optional<json::object> parse_object(std::string_view body) {
    json::error_code failed;
    auto value = json::parse({body.data(), body.size()}, failed);
    if (failed || !value.is_object())
        return std::nullopt;
    return std::move(value.get_object());
}

std::string text_in(const json::object& document, std::string_view name) {
    const auto* value = document.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Managed identities' services write numbers as strings.
std::optional<std::int64_t> number_in(const json::object& document, std::string_view name) {
    const auto* value = document.if_contains({name.data(), name.size()});
    if (value == nullptr)
        return std::nullopt;
    if (value->is_int64())
        return value->get_int64();
    return async::number_from<std::int64_t>(text_in(document, name));
}

// "AADSTS7000215: Invalid client secret provided. Ensure …\r\nTrace ID: …": the first sentence.
std::string first_sentence(std::string text) {
    text = text.substr(0, text.find_first_of("\r\n"));
    for (const std::string_view end : {". ", " Trace ID"})
        text = text.substr(0, text.find(end));
    while (!text.empty() && (text.back() == '.' || text.back() == ' '))
        text.pop_back();
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    return std::all_of(text.begin(), text.end(), printable) ? text.substr(0, quoted_max) : std::string();
}

// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
std::string_view hint_for(const identity& who, std::string_view said) {
    struct known {
        std::string_view code;
        std::string_view hint;
    };
    static constexpr std::array codes{
        known{"AADSTS7000215", "Check AZURE_CLIENT_SECRET: the secret's value, not its id."},
        known{"AADSTS7000222", "The client secret has expired: make a new one."},
        known{"AADSTS700016", "Check AZURE_CLIENT_ID, and that AZURE_TENANT_ID is the application's tenant."},
        known{"AADSTS90002", "Check AZURE_TENANT_ID and AZURE_AUTHORITY_HOST."},
        known{"AADSTS900023", "Check AZURE_TENANT_ID."},
        known{"AADSTS700027", "Upload the certificate to the application, or check AZURE_CLIENT_ID."},
        known{"AADSTS700024", "Check this machine's clock, and that kubelet still renews the token file."},
        known{"AADSTS50013", "Check the federated credential's issuer."},
        known{"AADSTS7002", "Check the federated credential: issuer, audience and subject, which is "
                            "system:serviceaccount:NAMESPACE:NAME."}, // 70021, 700211, 700212, 700213
    };
    for (const auto& each : codes)
        if (said.find(each.code) != std::string_view::npos)
            return each.hint;
    switch (who.kind) {
    case identity_kind::workload:
        return "Check AZURE_CLIENT_ID, AZURE_TENANT_ID and the federated credential of the identity.";
    case identity_kind::client_secret:
        return "Check AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET.";
    case identity_kind::client_certificate:
        return "Check AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_CERTIFICATE_PATH.";
    case identity_kind::app_service:
    case identity_kind::machine:
        break;
    }
    return who.client.empty()
               ? "A managed identity was asked for, since no other credential is set (for a storage account"
                 " AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN). Assign one; of several, AZURE_CLIENT_ID"
                 " names the one to use."
               : "Check that the managed identity of AZURE_CLIENT_ID is assigned to this machine.";
}

async::failure meaning_of(unsigned status, bool managed) {
    if (status == 408 || status == 429 || status >= 500)
        return async::failure::temporary;
    // Of IMDS: being updated, and gone for at most 70 seconds.
    if (managed && (status == 404 || status == 410))
        return async::failure::temporary;
    return status >= 400 ? async::failure::refused : async::failure::unclassified;
}

} // namespace

token_request token_request_for(const identity& who, std::string_view scope, std::string_view assertion) {
    return who.managed() ? to_managed(who, scope) : to_authority(who, scope, assertion);
}

std::string assertion_audience(const identity& who) {
    return fmt::format("{}://{}{}", who.server.tls ? "https" : "http", http::authority(who.server),
                       token_path(who));
}

access_token parse_token(const http::wire_response& answer, std::chrono::system_clock::time_point now) {
    access_token token;
    if (const auto document = parse_object(answer.body)) {
        token.value = text_in(*document, "access_token");
        if (const auto lifetime = number_in(*document, "expires_in"))
            token.lifetime = seconds(*lifetime);
        else if (const auto end = number_in(*document, "expires_on"); end && *end > 0)
            token.lifetime = seconds(*end) - std::chrono::floor<seconds>(now.time_since_epoch());
        token.lifetime = std::min<seconds>(token.lifetime, lifetime_max);
    }
    const auto in_header = [](char c) { return c > ' ' && c <= '~'; };
    if (token.value.empty() || !std::all_of(token.value.begin(), token.value.end(), in_header))
        throw async::error(async::failure::unclassified, "the answer holds no access token");
    if (token.lifetime <= seconds(0))
        throw async::error(async::failure::unclassified, "the answer holds an access token that has expired",
                           "Check this machine's clock.");
    return token;
}

async::error token_error(const identity& who, const http::wire_response& answer,
                         const std::vector<std::string_view>& sent,
                         std::chrono::system_clock::time_point now) {
    std::string said;
    if (const auto document = parse_object(answer.body)) {
        said = first_sentence(text_in(*document, "error_description"));
        if (said.empty())
            said = first_sentence(text_in(*document, "error"));
    }
    for (const auto secret : sent)
        if (!secret.empty() && said.find(secret) != std::string::npos)
            said.clear();

    const auto kind = meaning_of(answer.status, who.managed());
    auto message = fmt::format("{}{}{}", answer.status, said.empty() ? "" : " ", said);
    std::string hint;
    if (kind == async::failure::refused) {
        // "Client assertion is not within its valid time range": ours is dated by this machine's clock.
        if (said.find("AADSTS700024") != std::string::npos)
            hint = clock_hint(answer, now, assertion_skew);
        if (hint.empty())
            hint = hint_for(who, said);
    }
    async::error made(kind, std::move(message), std::move(hint));
    if (const auto pause = http::retry_after(answer, now))
        made.set_retry_after(*pause);
    return made;
}

std::chrono::milliseconds renewal_after(seconds lifetime) noexcept {
    constexpr std::chrono::minutes margin{5};
    constexpr std::chrono::hours long_life{2};
    const std::chrono::milliseconds whole = lifetime;
    if (lifetime > long_life)
        return whole / 2;
    return whole - std::min<std::chrono::milliseconds>(margin, whole / 2);
}

} // namespace azure
