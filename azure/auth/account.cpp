#include "azure/auth/account.hpp"

#include "async/ascii.hpp"
#include "async/quotable.hpp"
#include "http/client/base64.hpp"
#include "http/client/endpoint.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace azure {

namespace {

constexpr std::string_view default_suffix = "core.windows.net";

// The emulator's account, public and the same everywhere:
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
constexpr std::string_view emulator_account = "devstoreaccount1";
constexpr std::string_view emulator_key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
constexpr std::uint16_t emulator_port = 10'000;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
bool is_account_name(std::string_view name) {
    return name.size() >= 3 && name.size() <= 24 && std::all_of(name.begin(), name.end(), is_lower_or_digit);
}

// The pairs of a connection string, by lowercase key, with the mistakes of form.
using settings = std::map<std::string, std::string, std::less<>>;

// What stands before a '=' may be the rest of a secret.
bool is_word(std::string_view key) {
    return key.size() <= 30 && std::all_of(key.begin(), key.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           });
}

settings split(std::string_view text, std::vector<std::string>& mistakes) {
    settings found;
    while (!text.empty()) {
        const auto end = std::min(text.find(';'), text.size());
        const auto pair = async::trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty())
            continue;
        // At the first '=': keys and SAS values hold more of them.
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || async::trimmed(pair.substr(0, equals)).empty()) {
            // What stands there may be part of a key, so it is not shown.
            mistakes.emplace_back("the connection string has a part that is not 'key=value'");
            continue;
        }
        const auto key = async::trimmed(pair.substr(0, equals));
        if (!found.emplace(async::lowercase(key), async::trimmed(pair.substr(equals + 1))).second)
            mistakes.push_back("the connection string has " +
                               (is_word(key) ? "'" + std::string(key) + "'" : "a key") + " twice");
    }
    return found;
}

// Collects mistakes while it turns settings into an account.
class account_builder {
  public:
    explicit account_builder(std::vector<std::string> mistakes) { made_.mistakes = std::move(mistakes); }

    void mistake(std::string clause) { made_.mistakes.push_back(std::move(clause)); }
    account& value() noexcept { return made_.value; }
    parsed_account take() && { return std::move(made_); }

    void set_key(std::string_view setting, std::string_view key) {
        auto decoded = http::base64_decode(key);
        if (!decoded || decoded->empty())
            mistake(std::string(setting) + " is not base64: a part of it may be missing");
        else
            made_.value.credential = shared_key{std::move(*decoded)};
    }

    void set_signature(std::string_view setting, std::string_view query) {
        if (!query.empty() && query.front() == '?')
            query.remove_prefix(1);
        const bool printable =
            std::all_of(query.begin(), query.end(), [](char c) { return c > ' ' && c < '\x7f'; });
        if (!printable || query.find('#') != std::string_view::npos)
            mistake(std::string(setting) + " has a character that cannot stand in a URL");
        else if (("&" + std::string(query)).find("&sig=") == std::string::npos)
            mistake(std::string(setting) + " is not a shared access signature: it has no 'sig'");
        else
            made_.value.credential = shared_access_signature{std::string(query)};
    }

    http::endpoint read_endpoint(std::string_view setting, std::string_view url) {
        auto parsed = http::parse_endpoint(url);
        if (!parsed.mistake.empty())
            mistake(
                std::string(setting) + " " + parsed.mistake +
                (url.find('?') == std::string_view::npos ? "" : "; a SAS goes into SharedAccessSignature"));
        return std::move(parsed.value);
    }

    void set_endpoint(std::string_view setting, std::string_view url) {
        made_.value.blob = read_endpoint(setting, url);
        made_.value.dfs = dfs_endpoint_of(made_.value.blob);
    }

    void derive_endpoint(bool tls, std::string_view setting, std::string_view suffix) {
        if (!is_account_name(made_.value.name)) {
            mistake(async::quoted(made_.value.name) +
                    " is not an account name: 3 to 24 lowercase letters and digits");
            return;
        }
        set_endpoint(setting, std::string(tls ? "https://" : "http://") + made_.value.name + ".blob." +
                                  std::string(suffix));
    }

  private:
    parsed_account made_;
};

// "https://name.blob.core.windows.net" or "http://127.0.0.1:10000/name".
std::string name_in_endpoint(const http::endpoint& server) {
    if (!server.path.empty())
        return server.path.substr(1, server.path.find('/', 1) - 1);
    const auto dot = server.host.find('.');
    return dot != std::string::npos && server.host.compare(dot, 6, ".blob.") == 0 ? server.host.substr(0, dot)
                                                                                  : "";
}

parsed_account emulator(const settings& given, std::vector<std::string> mistakes) {
    account_builder made(std::move(mistakes));
    made.value().name = emulator_account;
    made.set_key("AccountKey", emulator_key);
    made.value().blob = {false, "127.0.0.1", emulator_port, "/" + std::string(emulator_account)};
    const auto proxy = given.find("developmentstorageproxyuri");
    if (proxy != given.end()) {
        // Scheme and host are taken from it, the port and the path stay, as in the .NET SDK.
        made.set_endpoint("DevelopmentStorageProxyUri", proxy->second);
        made.value().blob.port = emulator_port;
        made.value().blob.path = "/" + std::string(emulator_account);
    }
    return std::move(made).take();
}

} // namespace

std::string_view to_string(const credential& used) noexcept {
    if (std::holds_alternative<shared_key>(used))
        return "account key";
    return std::holds_alternative<shared_access_signature>(used) ? "shared access signature"
                                                                 : "Entra identity";
}

std::optional<http::endpoint> dfs_endpoint_of(const http::endpoint& blob) {
    // The account's name comes first, so this is the service's label even if an account is called "blob".
    const auto dot = blob.host.find('.');
    if (dot == std::string::npos || blob.host.compare(dot, 6, ".blob.") != 0)
        return std::nullopt;
    auto dfs = blob;
    dfs.host.replace(dot, 6, ".dfs.");
    return dfs;
}

parsed_account parse_connection_string(std::string_view text) {
    std::vector<std::string> mistakes;
    const auto given = split(text, mistakes);
    const auto get = [&](std::string_view key) -> std::optional<std::string_view> {
        const auto found = given.find(key);
        return found == given.end() ? std::nullopt : std::optional<std::string_view>(found->second);
    };

    if (const auto emulated = get("usedevelopmentstorage")) {
        if (async::lowercase(*emulated) != "true")
            mistakes.emplace_back("UseDevelopmentStorage can only be true");
        return emulator(given, std::move(mistakes));
    }

    account_builder made(std::move(mistakes));
    const auto protocol = async::lowercase(get("defaultendpointsprotocol").value_or("https"));
    if (protocol != "https" && protocol != "http")
        made.mistake("DefaultEndpointsProtocol must be https or http");

    made.value().name = get("accountname").value_or("");
    if (const auto blob = get("blobendpoint")) {
        made.set_endpoint("BlobEndpoint", *blob);
        if (made.value().name.empty())
            made.value().name = name_in_endpoint(made.value().blob);
    } else if (made.value().name.empty()) {
        made.mistake("AccountName is missing");
    } else {
        made.derive_endpoint(protocol == "https", "EndpointSuffix",
                             get("endpointsuffix").value_or(default_suffix));
    }

    if (const auto dfs = get("dfsendpoint"))
        made.value().dfs = made.read_endpoint("DfsEndpoint", *dfs);

    const auto key = get("accountkey");
    const auto signature = get("sharedaccesssignature");
    if (key && signature)
        made.mistake("AccountKey and SharedAccessSignature exclude each other");
    else if (key)
        made.set_key("AccountKey", *key);
    else if (signature)
        made.set_signature("SharedAccessSignature", *signature);
    else
        made.mistake("AccountKey or SharedAccessSignature is missing");
    if (key && get("blobendpoint") && made.value().name.empty())
        made.mistake("AccountName is missing"); // Shared Key signs it
    return std::move(made).take();
}

bool may_be_account_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 64;
    return name.size() <= longest && std::ranges::all_of(name, [](char c) {
               return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
           });
}

parsed_account account_from_parts(std::string_view name, std::string_view key, std::string_view sas,
                                  account_location where) {
    account_builder made({});
    made.value().name = async::trimmed(name);
    if (made.value().name.empty())
        made.mistake("the account name is missing");
    else if (!where.endpoint.empty())
        made.set_endpoint("AZURE_STORAGE_ENDPOINT", async::trimmed(where.endpoint));
    else
        made.derive_endpoint(true, "AZURE_STORAGE_ENDPOINT_SUFFIX",
                             where.suffix.empty() ? default_suffix : async::trimmed(where.suffix));
    if (!key.empty() && !sas.empty())
        made.mistake("account key and SAS exclude each other");
    else if (!key.empty())
        made.set_key("the account key", async::trimmed(key));
    else if (!sas.empty())
        made.set_signature("the SAS", async::trimmed(sas));
    else
        made.value().credential = entra_identity{};
    if (key.empty() && sas.empty() && !made.value().blob.tls)
        made.mistake("an Entra identity needs an endpoint that begins with https://: tokens are secrets");
    return std::move(made).take();
}

std::string container_name_mistake(std::string_view name) {
    // https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
    if (name.size() < 3 || name.size() > 63)
        return "must have 3 to 63 characters";
    if (!std::all_of(name.begin(), name.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; }))
        return "may only have lowercase letters, digits and hyphens";
    if (name.front() == '-' || name.back() == '-')
        return "must begin and end with a letter or digit";
    if (name.find("--") != std::string_view::npos)
        return "must not have two hyphens in a row";
    return {};
}

} // namespace azure
