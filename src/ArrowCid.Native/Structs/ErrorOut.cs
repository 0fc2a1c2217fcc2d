using System.Runtime.InteropServices;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_error</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ErrorOut
{
    public int Code;
    public ErrorText Message;
}
