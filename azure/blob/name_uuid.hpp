// A UUID made from a name: version 5 (SHA-1) of RFC 9562. The same name gives the same UUID everywhere.
// Tested by tests/fault/test_lease.py.
#pragma once

#include <string>
#include <string_view>

namespace azure {

// "6ba7b810-9dad-51d1-80b4-00c04fd430c8"; the namespace is that of ISO OIDs.
[[nodiscard]] std::string name_uuid(std::string_view name);

} // namespace azure
