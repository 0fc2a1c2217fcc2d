using ArrowCid.Registry;

namespace ArrowCid.Server.Service;

/// <summary>What of the audit trail a caller asks for.</summary>
internal static class AuditQuery
{
    /// <summary>What a caller asks for; empty texts ask for nothing.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a time is none.</exception>
    public static AuditFilter FilterOf(string? subject, string? from, string? until) => new()
    {
        Subject = string.IsNullOrEmpty(subject) ? null : subject,
        From = TimeOf("from", from),
        Until = TimeOf("until", until),
    };

    private static DateTimeOffset? TimeOf(string name, string? text) => string.IsNullOrEmpty(text) ? null
        : Filter.TryParseTime(text, out DateTimeOffset time) ? time
        : throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"{name} is a date or time such as 2026-11-20 or 2026-11-20T12:00:00Z, not '{text}'");
}
