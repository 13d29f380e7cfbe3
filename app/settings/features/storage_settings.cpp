// The settings of the storage account: the account, the identity, the proxy.
#include "app/settings/features.hpp"
#include "app/settings/read_identity.hpp"
#include "app/settings/rows.hpp"
#include "async/ascii.hpp"
#include "http/client/endpoint.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <variant>

namespace app {

namespace {

constexpr std::array storage_rows{
    rows::secret({"AZURE_STORAGE_CONNECTION_STRING", "", "", "STRING",
                  "the storage account, as the Azure portal gives it: account key, SAS, or "
                  "UseDevelopmentStorage=true"}),
    option{"AZURE_STORAGE_ACCOUNT", "--account", "", "NAME",
           "the storage account, instead of a connection string; with a key, a SAS token or, without either, "
           "an Entra identity"},
    rows::secret({"AZURE_STORAGE_KEY", "", "", "KEY", "the account's key, base64"}),
    rows::secret({"AZURE_STORAGE_SAS_TOKEN", "", "", "TOKEN", "a shared access signature, instead of a key"}),
    rows::url({"AZURE_STORAGE_ENDPOINT", "", "", "URL",
               "the account's URL, if it is not https://NAME.blob.SUFFIX"}),
    option{"AZURE_STORAGE_ENDPOINT_SUFFIX", "", "core.windows.net", "SUFFIX",
           "the suffix of another cloud: `core.chinacloudapi.cn`, `core.usgovcloudapi.net`"},
    rows::flag({"ARCHIVE_ALLOW_HTTP", "--allow-http", "false", "",
                "let a SAS and the rows go to a storage account on another machine over http://, in clear "
                "text, without a warning"}),
    option{"AZURE_CLIENT_ID", "", "", "ID",
           "the identity: an application, or one of several managed identities"},
    option{"AZURE_TENANT_ID", "", "", "ID", "the application's tenant"},
    option{"AZURE_FEDERATED_TOKEN_FILE", "", "", "FILE",
           "AKS workload identity: set by its webhook, read again for each token"},
    rows::secret({"AZURE_CLIENT_SECRET", "", "", "SECRET", "the application's secret"}),
    option{"AZURE_CLIENT_CERTIFICATE_PATH", "", "", "FILE",
           "the application's RSA certificate and private key, PEM or PKCS #12"},
    rows::secret({"AZURE_CLIENT_CERTIFICATE_PASSWORD", "", "", "PASSWORD", "the password of that file"}),
    rows::url({"AZURE_AUTHORITY_HOST", "", "https://login.microsoftonline.com", "URL",
               "the server that issues tokens; other clouds have their own"}),
    rows::url({"AZURE_POD_IDENTITY_AUTHORITY_HOST", "", "http://169.254.169.254", "URL",
               "the server that issues tokens to managed identities"}),
    rows::url({"IDENTITY_ENDPOINT", "", "", "URL",
               "the same in App Service and Container Apps, which set it with IDENTITY_HEADER"}),
    rows::secret({"IDENTITY_HEADER", "", "", "TEXT", "see IDENTITY_ENDPOINT"}),
    rows::also("https_proxy",
               rows::secret({"HTTPS_PROXY", "", "", "URL",
                             "the proxy for HTTPS, http://user:password@host:port (also https_proxy)"})),
    rows::also("no_proxy",
               {"NO_PROXY", "", "", "LIST",
                "hosts, domains and networks that are reached without it, or `*` (also no_proxy)"}),
    option{"ARCHIVE_REQUEST_TIMEOUT", "--request-timeout", "60s", "TIME", "limit for each try of a request"},
    option{"ARCHIVE_RETRIES", "--retries", "5", "N",
           "how often a request that fails for a moment is repeated (0 to 100)"},
};

// A SAS is a secret that each request carries, and Entra tokens are refused over http in any case; an
// account's key is never sent, so only the rows can be read by others.
void check_clear_text(checker& settings) {
    const auto& account = settings.value().account;
    const auto in_clear_text = [](const http::endpoint& server) {
        return !server.tls && !server.host.empty() && !http::is_loopback(server);
    };
    settings.value().lake_in_clear_text =
        in_clear_text(account.blob) || (account.dfs && in_clear_text(*account.dfs));
    if (settings.value().lake_in_clear_text &&
        std::holds_alternative<azure::shared_access_signature>(account.credential))
        settings.mistake_of_several(
            "the storage endpoint begins with http:// and is on another machine: the SAS and"
            " the rows would go there in clear text. Give https://, or set"
            " ARCHIVE_ALLOW_HTTP=true");
}

void check_account(checker& settings) {
    const auto& whole = settings["AZURE_STORAGE_CONNECTION_STRING"];
    const auto& name = settings["AZURE_STORAGE_ACCOUNT"];
    if (whole.unread)
        return;
    if (!whole.set() && !name.set()) {
        settings.mistake_of_several(
            "neither AZURE_STORAGE_CONNECTION_STRING nor AZURE_STORAGE_ACCOUNT is set: give the"
            " connection string that the Azure portal shows, or the account's name for an Entra identity");
        return;
    }
    if (!whole.set() && !azure::may_be_account_name(async::trimmed(name.text))) {
        settings.mistake(
            "AZURE_STORAGE_ACCOUNT",
            "give an account's name: 3 to 24 lowercase letters and digits, or with AZURE_STORAGE_ENDPOINT"
            " what that server takes for one, of letters, digits, '-', '_' and '.'. A connection"
            " string goes into AZURE_STORAGE_CONNECTION_STRING");
        return;
    }
    // As in the az command, a connection string makes the single settings void.
    auto parsed = whole.set() ? azure::parse_connection_string(whole.text)
                              : azure::account_from_parts(name.text, settings["AZURE_STORAGE_KEY"].text,
                                                          settings["AZURE_STORAGE_SAS_TOKEN"].text,
                                                          {settings["AZURE_STORAGE_ENDPOINT"].text,
                                                           settings["AZURE_STORAGE_ENDPOINT_SUFFIX"].text});
    for (auto& mistake : parsed.mistakes)
        settings.mistake_of_several(fmt::format(
            "{}: {}", whole.set() ? "AZURE_STORAGE_CONNECTION_STRING" : "AZURE_STORAGE_ACCOUNT", mistake));
    settings.value().account = std::move(parsed.value);
    bool allowed = false;
    settings.read("ARCHIVE_ALLOW_HTTP", allowed, parse_boolean);
    if (parsed.mistakes.empty() && !allowed)
        check_clear_text(settings);
}

// A connection string makes the other credentials void; a key that was rotated there alone would be missed.
// Those of a file of settings that the environment overrides are no mistake.
void tell_of_unused_credentials(checker& settings) {
    const auto& whole = settings["AZURE_STORAGE_CONNECTION_STRING"];
    if (!whole.set())
        return;
    for (const auto* const name : {"AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"}) {
        const auto& given = settings[name];
        if (given.set() && (given.from != source::config || whole.from == source::config))
            settings.value().unheeded.push_back(fmt::format(
                "{} is not used, because {} is set: keep one of them", given.given_as, whole.given_as));
    }
}

// Only if the account or the database needs an identity: the variables may be in the environment for other
// programs.
void check_identity(checker& settings) {
    const bool lake_needs_it =
        std::holds_alternative<azure::entra_identity>(settings.value().account.credential);
    if (lake_needs_it || settings.value().database_by_identity)
        read_identity(settings);
}

// Only if it is used, for the same reason.
void check_proxy(checker& settings) {
    auto& value = settings.value();
    value.no_proxy = settings["NO_PROXY"].text;
    const auto through_it = [&](const http::endpoint& server) {
        return server.tls && !http::bypasses_proxy(server, value.no_proxy);
    };
    const auto& url = settings["HTTPS_PROXY"];
    const bool used = through_it(value.account.blob) ||
                      (value.identity && through_it(value.identity->server)) ||
                      settings.purpose() == purpose::sending;
    if (!url.set() || !used)
        return;
    auto parsed = http::parse_proxy(url.text);
    if (!parsed.mistake.empty())
        settings.mistake_of_several("HTTPS_PROXY " + parsed.mistake);
    value.proxy = std::move(parsed.value);
}

// For the page of `serve`, which works without storage rather than not at all: the variables may be in the
// environment for other programs.
void check_account_to_show(checker& settings) {
    auto& value = settings.value();
    auto& mistakes = value.unheeded;
    const auto before = mistakes.size();
    auto tolerant = settings.tolerant();
    check_account(tolerant);
    if (std::holds_alternative<azure::entra_identity>(value.account.credential) &&
        !value.database_by_identity)
        read_identity(tolerant);
    if (mistakes.size() == before)
        return;
    value.storage_mistake = mistakes[before];
    mistakes.resize(before);
    value.account = {};
    value.identity.reset();
    value.lake_in_clear_text = false;
}

void check_storage(checker& settings) {
    auto& value = settings.value();
    const bool archiving = settings.purpose() == purpose::archive || settings.purpose() == purpose::inventory;
    const bool given =
        settings["AZURE_STORAGE_CONNECTION_STRING"].set() || settings["AZURE_STORAGE_ACCOUNT"].set();
    if (archiving || (settings.purpose() == purpose::replaying && given) ||
        (settings.exporting() && settings["EXPORT_TO"].text == "lake"))
        check_account(settings);
    else if (settings.purpose() == purpose::serving && given)
        check_account_to_show(settings);
    if (!value.account.name.empty())
        tell_of_unused_credentials(settings);
    check_identity(settings);
    check_proxy(settings);
    settings.read("ARCHIVE_REQUEST_TIMEOUT", value.request_timeout,
                  time_from(std::chrono::milliseconds(100)));
    settings.read("ARCHIVE_RETRIES", value.retries, count_from(0, 100));
}

} // namespace

feature storage_settings() noexcept { return {"Storage account", storage_rows, check_storage}; }

} // namespace app
