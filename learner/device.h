#pragma once

#include <string>

namespace c10 {
struct Device;
}

namespace journeyman::learner {

// The device of the learner `index`: "cpu"; "cuda" is the (index mod devices)-th GPU that the
// process sees; "auto" is cuda where there is one, else cpu. Throws core::Error(kConfig) for "cuda"
// on a machine without.
c10::Device ResolveDevice(const std::string& name, int index);

// "cpu" or "cuda": the kind of device that `name` stands for on this machine. Throws as above.
std::string ResolvedDeviceKind(const std::string& name);

}  // namespace journeyman::learner
