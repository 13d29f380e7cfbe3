// Whatever a request line holds, the router has one answer, and a redirection leads to a route of ours.
#include "http/server/router.hpp"

#include "http/target.hpp"
#include "tests/fuzz/check.hpp"

namespace {

http::router example() {
    std::vector<http::route> routes;
    for (const auto* pattern : {"/", "/exports", "/exports/{task}", "/exports/{task}/files", "/exports/all",
                                "/exports/{task}/files/{name}", "/with/", "/{any}/{more}/"}) {
        http::route made;
        made.method = "GET";
        made.pattern = pattern;
        routes.push_back(std::move(made));
    }
    return http::router(std::move(routes));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto table = example();
    const auto target = http::parse_target({reinterpret_cast<const char*>(data), size});
    if (!target)
        return 0;
    const auto what = table.look_up("GET", target->path);
    if (const auto* one = std::get_if<http::found>(&what))
        for (const auto& [name, value] : one->parameters)
            check(!value.empty(), "a name stands for something");
    if (const auto* there = std::get_if<http::moved>(&what)) {
        check(there->path.starts_with('/') && !there->path.starts_with("//"), "it stays on this host");
        check(std::holds_alternative<http::found>(table.look_up("GET", there->path)), "it leads to a route");
    }
    const auto head = table.look_up("HEAD", target->path);
    check(what.index() == head.index(), "HEAD is GET without the body");
    const auto posted = table.look_up("POST", target->path);
    check(!std::holds_alternative<http::found>(posted), "nothing takes POST");
    return 0;
}
