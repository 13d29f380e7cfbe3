#include "azure/impl/request_id.hpp"

#include "async/error.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace azure {

std::string make_request_id() {
    try {
        // From the system and not from OpenSSL: over plain HTTP nothing else needs its generator, whose start
        // costs as much as a fifth of a run that finds nothing to do.
        boost::uuids::random_generator_pure generate;
        return to_string(generate());
    } catch (const boost::uuids::entropy_error& failed) {
        throw async::error(async::failure::internal,
                           std::string("no random numbers are available: ") + failed.what());
    }
}

} // namespace azure
