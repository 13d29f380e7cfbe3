#include "app/settings/read_identity.hpp"

#include "azure/auth/identity.hpp"

#include <utility>

namespace app {

void read_identity(checker& settings) {
    if (settings.value().identity)
        return;
    azure::identity_settings asked;
    asked.authority = settings["AZURE_AUTHORITY_HOST"].text;
    asked.tenant = settings["AZURE_TENANT_ID"].text;
    asked.client = settings["AZURE_CLIENT_ID"].text;
    asked.federated_token_file = settings["AZURE_FEDERATED_TOKEN_FILE"].text;
    asked.secret = settings["AZURE_CLIENT_SECRET"].text;
    asked.certificate_file = settings["AZURE_CLIENT_CERTIFICATE_PATH"].text;
    asked.certificate_password = settings["AZURE_CLIENT_CERTIFICATE_PASSWORD"].text;
    asked.app_endpoint = settings["IDENTITY_ENDPOINT"].text;
    asked.app_header = settings["IDENTITY_HEADER"].text;
    asked.machine_endpoint = settings["AZURE_POD_IDENTITY_AUTHORITY_HOST"].text;
    auto parsed = azure::identity_from(asked);
    for (auto& mistake : parsed.mistakes)
        settings.mistake_of_several(std::move(mistake));
    settings.value().identity = std::move(parsed.value);
}

} // namespace app
