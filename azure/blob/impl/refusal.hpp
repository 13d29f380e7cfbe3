// What would let a refused request through: told from the service's code, the credential and the request.
#pragma once

#include "azure/auth/account.hpp"
#include "azure/blob/request.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace azure {

// A request and what it was signed with.
struct sent_request {
    credential used{};
    azure::request request{};
};

// A permission, as a SAS spells it and in words.
struct permission {
    char letter;
    std::string_view word;
    bool operator==(const permission&) const = default;
};
// What a request asks for. Empty: nothing that a SAS for a container could give.
// https://learn.microsoft.com/rest/api/storageservices/create-service-sas#permissions-for-a-directory-container-or-blob
[[nodiscard]] std::vector<permission> permissions_for(const request& request);

// A sentence for an answer 401 or 403 with this code, or empty. `now` is the service's time as far as it is
// known. Of a SAS its permissions, dates and addresses are told, never its signature.
[[nodiscard]] std::string refusal_hint(const sent_request& refused, std::string_view code,
                                       std::chrono::sys_seconds now);

} // namespace azure
