// A disk that takes its time: loaded with LD_PRELOAD into the program under test. As long as the file
// HELD_DISK is there, each fdatasync of a file whose path has HELD_DISK_PATH in it waits.
#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <time.h>
#include <unistd.h>

namespace {

bool is_chosen(int file) {
    const char* const part = std::getenv("HELD_DISK_PATH");
    std::array<char, 4096> path{};
    const auto link = "/proc/self/fd/" + std::to_string(file);
    const auto bytes = ::readlink(link.c_str(), path.data(), path.size());
    return part != nullptr && bytes > 0 &&
           std::string(path.data(), static_cast<std::size_t>(bytes)).find(part) != std::string::npos;
}

} // namespace

extern "C" int fdatasync(int file) {
    static auto* const real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fdatasync"));
    const char* const hold = std::getenv("HELD_DISK");
    const timespec moment{0, 5'000'000};
    while (hold != nullptr && is_chosen(file) && ::access(hold, F_OK) == 0)
        ::nanosleep(&moment, nullptr);
    return real(file);
}
