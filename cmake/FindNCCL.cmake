# NCCL::nccl, beside the CUDA toolkit or in the system's own folders.
find_path(NCCL_INCLUDE_DIR nccl.h HINTS "${CudaRuntime_INCLUDE_DIR}" ENV NCCL_HOME
          PATH_SUFFIXES include)
find_library(NCCL_LIBRARY nccl HINTS "${CudaRuntime_LIBRARY_DIR}" ENV NCCL_HOME
             PATH_SUFFIXES lib lib64)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL
  REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR CudaRuntime_FOUND)
mark_as_advanced(NCCL_LIBRARY NCCL_INCLUDE_DIR)
if(NCCL_FOUND AND NOT TARGET NCCL::nccl)
  add_library(NCCL::nccl UNKNOWN IMPORTED)
  set_target_properties(NCCL::nccl PROPERTIES
    IMPORTED_LOCATION "${NCCL_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${NCCL_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES CudaRuntime::cudart)
endif()
