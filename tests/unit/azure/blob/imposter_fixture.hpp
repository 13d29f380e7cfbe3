// A client of the Blob service on a pool against an imposter.
#pragma once

#include "azure/blob/blob_client.hpp"
#include "tests/unit/azure/blob/storage_failure.hpp"
#include "tests/unit/http/client/pool_fixture.hpp"

namespace azure::rig {

class imposter_fixture : public http::rig::pool_fixture {
  protected:
    using http::rig::pool_fixture::pool_fixture;

    void TearDown() override {
        client_.reset();
        http::rig::pool_fixture::TearDown();
    }

    blob_client& client() {
        if (!client_) {
            account owner;
            owner.name = "acme";
            owner.blob = where();
            owner.credential = shared_key{{'s', 'e', 'c', 'r', 'e', 't'}};
            client_ = std::make_unique<blob_client>(owner, "box", with, pool(), retries, log);
        }
        return *client_;
    }

    client_options with;

  private:
    std::unique_ptr<blob_client> client_;
};

} // namespace azure::rig
