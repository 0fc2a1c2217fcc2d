namespace ArrowCid.Tests;

/// <summary>A fact about stores in shared memory; skipped if this machine has no <c>/dev/shm</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedMemoryFactAttribute : FactAttribute
{
    public SharedMemoryFactAttribute()
    {
        if (!Directory.Exists("/dev/shm")) Skip = "this machine has no /dev/shm";
    }
}
