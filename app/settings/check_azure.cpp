#include "app/settings/check_azure.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/parse.hpp"
#include "http/client/endpoint.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace app {

namespace {

// A SAS is a secret that each request carries, and Entra tokens are refused over http in any case; an
// account's key is never sent, so there it is only the rows that others can read.
void check_clear_text(checked_configuration& result) {
    const auto& account = result.value.account;
    const auto in_clear_text = [](const http::endpoint& server) {
        return !server.tls && !server.host.empty() && !http::is_loopback(server);
    };
    result.value.lake_in_clear_text =
        in_clear_text(account.blob) || (account.dfs && in_clear_text(*account.dfs));
    if (result.value.lake_in_clear_text &&
        std::holds_alternative<azure::shared_access_signature>(account.credential))
        result.mistakes.emplace_back(
            "the lake's endpoint begins with http:// and is on another machine: the SAS and"
            " the rows would go there in clear text. Give https://, or set"
            " ARCHIVE_ALLOW_HTTP=true");
}

} // namespace

void check_account(const texts& given, checked_configuration& result) {
    const auto& whole = given["AZURE_STORAGE_CONNECTION_STRING"];
    const auto& name = given["AZURE_STORAGE_ACCOUNT"];
    if (!whole.set() && !name.set()) {
        result.mistakes.emplace_back(
            "neither AZURE_STORAGE_CONNECTION_STRING nor AZURE_STORAGE_ACCOUNT is set: give the"
            " connection string that the Azure portal shows, or the account's name for an Entra identity");
        return;
    }
    // As the az command does: a connection string makes the single settings void.
    auto parsed = whole.set() ? azure::parse_connection_string(whole.text)
                              : azure::account_from_parts(name.text, given["AZURE_STORAGE_KEY"].text,
                                                          given["AZURE_STORAGE_SAS_TOKEN"].text,
                                                          {given["AZURE_STORAGE_ENDPOINT"].text,
                                                           given["AZURE_STORAGE_ENDPOINT_SUFFIX"].text});
    for (auto& mistake : parsed.mistakes)
        result.mistakes.push_back(fmt::format(
            "{}: {}", whole.set() ? "AZURE_STORAGE_CONNECTION_STRING" : "AZURE_STORAGE_ACCOUNT", mistake));
    result.value.account = std::move(parsed.value);
    bool allowed = false;
    if (const auto read = parse_boolean(given["ARCHIVE_ALLOW_HTTP"].text); std::holds_alternative<bool>(read))
        allowed = std::get<bool>(read);
    else
        result.mistakes.push_back(mistake_in(option_named("ARCHIVE_ALLOW_HTTP"), given["ARCHIVE_ALLOW_HTTP"],
                                             std::get<std::string>(read)));
    if (parsed.mistakes.empty() && !allowed)
        check_clear_text(result);
}

void check_identity(const texts& given, checked_configuration& result) {
    const bool lake_needs_it = std::holds_alternative<azure::entra_identity>(result.value.account.credential);
    if (!lake_needs_it && !result.value.database_by_identity)
        return;
    azure::identity_settings settings;
    settings.authority = given["AZURE_AUTHORITY_HOST"].text;
    settings.tenant = given["AZURE_TENANT_ID"].text;
    settings.client = given["AZURE_CLIENT_ID"].text;
    settings.federated_token_file = given["AZURE_FEDERATED_TOKEN_FILE"].text;
    settings.secret = given["AZURE_CLIENT_SECRET"].text;
    settings.certificate_file = given["AZURE_CLIENT_CERTIFICATE_PATH"].text;
    settings.certificate_password = given["AZURE_CLIENT_CERTIFICATE_PASSWORD"].text;
    settings.app_endpoint = given["IDENTITY_ENDPOINT"].text;
    settings.app_header = given["IDENTITY_HEADER"].text;
    settings.machine_endpoint = given["AZURE_POD_IDENTITY_AUTHORITY_HOST"].text;
    auto parsed = azure::identity_from(settings);
    for (auto& mistake : parsed.mistakes)
        result.mistakes.push_back(std::move(mistake));
    result.value.identity = std::move(parsed.value);
}

void check_proxy(const texts& given, checked_configuration& result) {
    auto& value = result.value;
    value.no_proxy = given["NO_PROXY"].text;
    const auto through_it = [&](const http::endpoint& server) {
        return server.tls && !http::bypasses_proxy(server, value.no_proxy);
    };
    const auto& url = given["HTTPS_PROXY"];
    if (!url.set() ||
        (!through_it(value.account.blob) && !(value.identity && through_it(value.identity->server))))
        return;
    auto parsed = http::parse_proxy(url.text);
    if (!parsed.mistake.empty())
        result.mistakes.push_back("HTTPS_PROXY " + parsed.mistake);
    value.proxy = std::move(parsed.value);
}

} // namespace app
