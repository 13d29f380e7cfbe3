// Which account, where, and with what credential: parsed from a connection string or from single settings.
#pragma once

#include "http/client/endpoint.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace azure {

struct shared_key {
    std::vector<unsigned char> key; // decoded
};
struct shared_access_signature {
    std::string query; // as given, without a leading '?'
};
struct entra_identity {}; // tokens come from a `token_source`
using credential = std::variant<shared_key, shared_access_signature, entra_identity>;
[[nodiscard]] std::string_view to_string(const credential& used) noexcept;

struct account {
    std::string name;
    http::endpoint blob;
    azure::credential credential;
    // Data Lake Storage Gen2's endpoint for the same blobs. Only real directories are made there. nullopt:
    // not known.
    std::optional<http::endpoint> dfs{};
};

// The account, or every mistake found in the text, each a clause that names the key and never its value.
struct parsed_account {
    account value;
    std::vector<std::string> mistakes;
};

// "acme.dfs.core.windows.net" of "acme.blob.core.windows.net"; nullopt for any other address.
[[nodiscard]] std::optional<http::endpoint> dfs_endpoint_of(const http::endpoint& blob);

// As the Azure portal gives it: account key, SAS, or UseDevelopmentStorage=true. Keys in any case, any order,
// spaces around pairs and empty pairs tolerated; a duplicate key, or key and SAS together, is a mistake.
[[nodiscard]] parsed_account parse_connection_string(std::string_view text);

// Where an account is: at `endpoint` if that is given, otherwise at `https://<name>.blob.<suffix>`.
struct account_location {
    std::string_view endpoint;
    std::string_view suffix; // empty: core.windows.net
};
// Of an account on any server: letters, digits, '-', '_' and '.'.
[[nodiscard]] bool may_be_account_name(std::string_view name) noexcept;
// From AZURE_STORAGE_ACCOUNT and at most one of key (base64) and SAS; with neither, an Entra identity, which
// needs HTTPS.
[[nodiscard]] parsed_account account_from_parts(std::string_view name, std::string_view key,
                                                std::string_view sas, account_location where = {});

// What is wrong with a container name (3 to 63 lowercase letters, digits and single hyphens), or empty.
[[nodiscard]] std::string container_name_mistake(std::string_view name);

} // namespace azure
