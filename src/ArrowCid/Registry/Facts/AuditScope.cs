using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>For whom the calls of this flow of control are made, such as the caller of a server.</summary>
internal static class AuditScope
{
    private static readonly AsyncLocal<string?> s_subject = new();

    /// <summary>The subject; null where the handle's own counts, empty where nothing is recorded.</summary>
    public static string? Subject
    {
        get => s_subject.Value;
        set => s_subject.Value = Fit(value);
    }

    /// <summary>Records nothing until what is returned is disposed of: for what is not done by the caller, such as
    /// keeping a block that a read fetched.</summary>
    public static IDisposable Pause()
    {
        var paused = new Paused(s_subject.Value);
        s_subject.Value = "";
        return paused;
    }

    /// <summary>The subject of a handle: its option, else <c>ARROWCID_AUDIT</c>, where <c>user</c> is this process's
    /// user; null for none.</summary>
    public static string? SubjectOf(string? option) =>
        Fit((option ?? Environment.GetEnvironmentVariable("ARROWCID_AUDIT")) is "user"
            ? $"{Environment.UserName} (uid {FileDescriptor.EffectiveUserId})"
            : option ?? Environment.GetEnvironmentVariable("ARROWCID_AUDIT"));

    /// <summary>A text as a fact takes it: whole characters of Unicode, of a limited length. A caller of a server
    /// chooses it, and a put does not fail for it.</summary>
    private static string? Fit(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var fitting = new StringBuilder();
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > FactLimits.MaxRemoverBytes) break;
            _ = fitting.Append(rune);
        }

        return fitting.ToString();
    }

    private sealed class Paused(string? before) : IDisposable
    {
        public void Dispose() => s_subject.Value = before;
    }
}
