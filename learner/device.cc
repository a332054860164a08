#include "learner/device.h"

#include <ATen/Context.h>
#include <c10/core/Device.h>

#include "core/error.h"

namespace journeyman::learner {

c10::Device ResolveDevice(const std::string& name, int index) {
  const auto devices = static_cast<int>(at::hasCUDA() ? at::getNumGPUs() : 0);
  if (devices == 0 && name == "cuda") {
    throw core::Error(core::ExitCode::kConfig, "learner.device is \"cuda\", but no GPU was found.",
                      "set learner.device to auto or cpu, or start the job where a GPU is visible");
  }
  if (devices == 0 || name == "cpu") return c10::Device(c10::kCPU);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index % devices));
}

std::string ResolvedDeviceKind(const std::string& name) {
  return ResolveDevice(name, 0).is_cpu() ? "cpu" : "cuda";
}

}  // namespace journeyman::learner
