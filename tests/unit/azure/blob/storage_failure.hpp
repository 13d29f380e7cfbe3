// What an operation on blobs throws, for a closer look.
#pragma once

#include "azure/blob/error.hpp"

#include <gtest/gtest.h>

namespace azure::rig {

template <typename Operation>
storage_error storage_failure_of(Operation operation) {
    try {
        (void)operation();
    } catch (const storage_error& failed) {
        return failed;
    }
    ADD_FAILURE() << "it succeeded";
    return {async::failure::internal, "", 0, "", "", ""};
}

} // namespace azure::rig
