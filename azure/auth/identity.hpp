// Our identity in Entra ID, from Azure's own environment variables.
#pragma once

#include "azure/auth/account.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace azure {

// In the order in which they are looked for. The first that is configured is used, and is not given up for
// another when it fails: that would hide the mistake.
enum class identity_kind : std::uint8_t {
    workload,           // AKS: a token that kubelet keeps in a file
    client_secret,      //
    client_certificate, // signs an assertion
    app_service,        // the managed identity of App Service and Container Apps
    machine,            // the managed identity of a virtual machine or node, by IMDS
};
[[nodiscard]] std::string_view to_string(identity_kind kind) noexcept;

// The variables that the Azure SDKs read; all may be empty.
struct identity_settings {
    std::string authority;            // AZURE_AUTHORITY_HOST
    std::string tenant;               // AZURE_TENANT_ID
    std::string client;               // AZURE_CLIENT_ID
    std::string federated_token_file; // AZURE_FEDERATED_TOKEN_FILE
    std::string secret;               // AZURE_CLIENT_SECRET
    std::string certificate_file;     // AZURE_CLIENT_CERTIFICATE_PATH
    std::string certificate_password; // AZURE_CLIENT_CERTIFICATE_PASSWORD
    std::string app_endpoint;         // IDENTITY_ENDPOINT
    std::string app_header;           // IDENTITY_HEADER
    std::string machine_endpoint;     // AZURE_POD_IDENTITY_AUTHORITY_HOST
};

struct identity {
    identity_kind kind = identity_kind::machine;
    http::endpoint server; // that gives the tokens
    std::string tenant;
    std::string client; // may be empty for a managed identity: then the one that the machine has
    std::string secret; // the client's, or the certificate's password, or what App Service asks for
    std::string file;   // the token or the certificate

    [[nodiscard]] bool managed() const noexcept {
        return kind == identity_kind::app_service || kind == identity_kind::machine;
    }
};

// The identity, or every mistake found, each a clause that names the variable and never a secret.
struct parsed_identity {
    identity value;
    std::vector<std::string> mistakes;
};
[[nodiscard]] parsed_identity identity_from(const identity_settings& given);

// What a token is asked for.
inline constexpr std::string_view storage_scope = "https://storage.azure.com/.default";
// Azure Database for PostgreSQL, in the cloud that `who` signs in to.
[[nodiscard]] std::string_view database_scope(const identity& who) noexcept;

} // namespace azure
