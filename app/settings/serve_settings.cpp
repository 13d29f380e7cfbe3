#include "app/settings/serve_settings.hpp"

#include <boost/asio/ip/address.hpp>

namespace app {

bool is_loopback(std::string_view address) {
    boost::system::error_code failed;
    const auto parsed = boost::asio::ip::make_address(address, failed);
    return !failed && parsed.is_loopback();
}

} // namespace app
