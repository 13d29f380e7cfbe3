// What the tests of blob_client's files share: a block to send, and an error as the service words it.
#pragma once

#include "azure/blob/crc64.hpp"
#include "tests/unit/azure/blob/imposter_fixture.hpp"

#include <string>
#include <vector>

namespace azure::rig {

inline std::string error_body(const std::string& code, const std::string& message) {
    return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + code + "</Code><Message>" +
           message + "\nRequestId:r-1\nTime:2025-10-06T08:49:37Z</Message></Error>";
}

class blob_client_fixture : public azure::rig::imposter_fixture {
  protected:
    void put_block(std::string_view text = "block") {
        const auto bytes = std::as_bytes(std::span<const char>(text.data(), text.size()));
        const std::span<const std::byte> pieces[] = {bytes};
        run(client().put_block("b", "QUE=", pieces, crc64(0, bytes)));
    }

    const std::vector<std::string> ids{"QUE=", "QUI="};
};

} // namespace azure::rig
