#include "azure/auth/identity.hpp"

#include "http/client/endpoint.hpp"

#include <algorithm>
#include <array>

namespace azure {

namespace {

constexpr std::string_view public_authority = "https://login.microsoftonline.com";
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
constexpr std::string_view machine_service = "http://169.254.169.254";

bool is_tenant(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-';
    });
}

identity_kind first_configured(const identity_settings& given) noexcept {
    if (!given.federated_token_file.empty())
        return identity_kind::workload;
    if (!given.secret.empty())
        return identity_kind::client_secret;
    if (!given.certificate_file.empty())
        return identity_kind::client_certificate;
    // Azure Arc sets the endpoint alone, and means something else by it.
    if (!given.app_endpoint.empty() && !given.app_header.empty())
        return identity_kind::app_service;
    return identity_kind::machine;
}

std::string_view variable_of(identity_kind kind) noexcept {
    switch (kind) {
    case identity_kind::workload:
        return "AZURE_FEDERATED_TOKEN_FILE";
    case identity_kind::client_secret:
        return "AZURE_CLIENT_SECRET";
    case identity_kind::client_certificate:
        return "AZURE_CLIENT_CERTIFICATE_PATH";
    case identity_kind::app_service:
        return "IDENTITY_ENDPOINT";
    case identity_kind::machine:
        break;
    }
    return "AZURE_POD_IDENTITY_AUTHORITY_HOST";
}

class identity_builder {
  public:
    parsed_identity made;

    void mistake(std::string_view variable, std::string_view clause) {
        made.mistakes.push_back(std::string(variable).append(" ").append(clause));
    }

    void set_server(std::string_view variable, std::string_view url) {
        auto parsed = http::parse_endpoint(url);
        if (!parsed.mistake.empty())
            mistake(variable, parsed.mistake);
        made.value.server = std::move(parsed.value);
    }

    // An application of a tenant, which proves itself to the authority.
    void set_application(const identity_settings& given) {
        const auto proof = std::string(variable_of(made.value.kind));
        made.value.tenant = given.tenant;
        if (given.tenant.empty())
            mistake(proof, "is set, but AZURE_TENANT_ID is not: give the tenant's id or domain");
        else if (!is_tenant(given.tenant))
            mistake("AZURE_TENANT_ID", "is not a tenant: give its id or domain");
        if (given.client.empty())
            mistake(proof, made.value.kind == identity_kind::workload
                               ? "is set, but AZURE_CLIENT_ID is not: the service account lacks the "
                                 "annotation azure.workload.identity/client-id"
                               : "is set, but AZURE_CLIENT_ID is not: give the application's client id");
        set_server("AZURE_AUTHORITY_HOST", given.authority.empty() ? public_authority : given.authority);
        auto& server = made.value.server;
        if (!server.tls && !server.host.empty() && !http::is_loopback(server))
            mistake("AZURE_AUTHORITY_HOST", "must begin with https://: what is sent there are secrets");
    }
};

} // namespace

std::string_view to_string(identity_kind kind) noexcept {
    switch (kind) {
    case identity_kind::workload:
        return "workload identity";
    case identity_kind::client_secret:
        return "client secret";
    case identity_kind::client_certificate:
        return "client certificate";
    case identity_kind::app_service:
        return "managed identity (app service)";
    case identity_kind::machine:
        break;
    }
    return "managed identity";
}

parsed_identity identity_from(const identity_settings& given) {
    identity_builder building;
    auto& who = building.made.value;
    who.kind = first_configured(given);
    who.client = given.client;
    switch (who.kind) {
    case identity_kind::workload:
        building.set_application(given);
        who.file = given.federated_token_file;
        break;
    case identity_kind::client_secret:
        building.set_application(given);
        who.secret = given.secret;
        break;
    case identity_kind::client_certificate:
        building.set_application(given);
        who.file = given.certificate_file;
        who.secret = given.certificate_password;
        break;
    case identity_kind::app_service:
        building.set_server(variable_of(who.kind), given.app_endpoint);
        who.secret = given.app_header;
        break;
    case identity_kind::machine:
        building.set_server(variable_of(who.kind),
                            given.machine_endpoint.empty() ? machine_service : given.machine_endpoint);
        break;
    }
    return std::move(building.made);
}

std::string_view database_scope(const identity& who) noexcept {
    // https://learn.microsoft.com/azure/postgresql/flexible-server/how-to-configure-sign-in-azure-ad-authentication
    struct cloud {
        std::string_view authority;
        std::string_view scope;
    };
    static constexpr std::array clouds{
        cloud{"login.microsoftonline.us", "https://ossrdbms-aad.database.usgovcloudapi.net/.default"},
        cloud{"login.chinacloudapi.cn", "https://ossrdbms-aad.database.chinacloudapi.cn/.default"},
        cloud{"login.partner.microsoftonline.cn", "https://ossrdbms-aad.database.chinacloudapi.cn/.default"},
    };
    for (const auto& each : clouds)
        if (each.authority == who.server.host)
            return each.scope;
    return "https://ossrdbms-aad.database.windows.net/.default";
}

} // namespace azure
