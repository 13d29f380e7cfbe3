#include "app/run/storage_grant.hpp"

#include <fmt/format.h>

#include <string_view>
#include <variant>

namespace app {

std::string storage_grant(const configuration& settings, const std::string& container) {
    const bool tags = !settings.job.placement.tags.empty();
    const std::string_view role = tags ? "Storage Blob Data Owner" : "Storage Blob Data Contributor";
    const auto& credential = settings.account.credential;
    if (std::holds_alternative<azure::shared_key>(credential))
        return {};
    if (std::holds_alternative<azure::shared_access_signature>(credential))
        return fmt::format("Give the SAS read, write, delete and list{} (sp=rwdl{}), or use an identity that "
                           "has the role \"{}\" on the container.",
                           tags ? ", and tags" : "", tags ? "t" : "", role);
    const auto client = settings.identity ? settings.identity->client : std::string();
    return fmt::format(
        "Give the identity the role \"{0}\" on the container: az role assignment create --role \"{0}\" "
        "--assignee {1} --scope \"$(az storage account show --name {2} --query id --output tsv)"
        "/blobServices/default/containers/{3}\". It takes effect after some minutes.",
        role, client.empty() ? "ID" : client, settings.account.name, container);
}

} // namespace app
