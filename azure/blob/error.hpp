// Errors of the Blob service, and of the connection to it.
#pragma once

#include "async/error.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace azure {

// Which failure a status and a service code stand for (Blob service error codes; facts in docs/azure.md):
// 408, 429, 500, 502, 503, 504 are temporary, 401 and 403 refused, 404, 409 and 412 preconditions; 501 and
// FeatureNotSupported never temporary.
[[nodiscard]] async::failure classify(unsigned status, std::string_view service_code) noexcept;

class storage_error : public async::error {
  public:
    storage_error(async::failure kind, std::string message, unsigned status, std::string service_code,
                  std::string request_id, std::string client_request_id, std::string hint = {});

    // No whole answer came.
    explicit storage_error(const async::error& unanswered)
        : error(unanswered)
        , status_(0) {}

    [[nodiscard]] unsigned status() const noexcept { return status_; } // 0: no answer came
    [[nodiscard]] const std::string& service_code() const noexcept { return service_code_; }
    [[nodiscard]] const std::string& request_id() const noexcept { return request_id_; }
    [[nodiscard]] const std::string& client_request_id() const noexcept { return client_request_id_; }

    // The name within the container, where the request was about a blob.
    [[nodiscard]] const std::string& blob() const noexcept { return blob_; }
    void set_blob(std::string name) { blob_ = std::move(name); }

    // 412, 409 BlobAlreadyExists, 400 InvalidBlockList: a conditional write may have taken effect
    // nevertheless, so look. Not 412 for a missing lease id.
    [[nodiscard]] bool condition_failed() const noexcept;
    // The blob's own state forbids what was asked: leased, immutable, in the Archive tier, of another kind.
    [[nodiscard]] bool blob_forbids() const noexcept;

  private:
    std::string blob_;
    unsigned status_;
    std::string service_code_;
    std::string request_id_;
    std::string client_request_id_;
};

} // namespace azure
