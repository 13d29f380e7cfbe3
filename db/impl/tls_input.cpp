#include "db/impl/tls_input.hpp"

#include <dlfcn.h>

namespace db {

tls_input::tls_input(PGconn* connected)
    : tls_(PQsslStruct(connected, "OpenSSL")) {
    // Found at run time, in the OpenSSL that libpq has brought: this room links none.
    if (tls_ != nullptr)
        count_ = reinterpret_cast<count_function>(dlsym(RTLD_DEFAULT, "SSL_pending"));
}

} // namespace db
