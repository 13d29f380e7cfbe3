// A name server that does not answer: loaded with LD_PRELOAD into the program under test. Looking up a name
// that ends in
// ".hangs" takes a minute, and then there is no such name.
#include <dlfcn.h>
#include <netdb.h>
#include <string_view>
#include <unistd.h>

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
    constexpr unsigned minute = 60;
    if (name != nullptr && std::string_view(name).ends_with(".hangs")) {
        ::sleep(minute);
        return EAI_NONAME;
    }
    using lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<lookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(name, service, hints, found);
}
