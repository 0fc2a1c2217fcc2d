using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace ArrowCid.Server.Access;

/// <summary>The options of every handler: the defaults, whatever the host sets for its own.</summary>
internal sealed class DefaultSchemeOptions : IOptionsMonitor<AuthenticationSchemeOptions>
{
    /// <inheritdoc/>
    public AuthenticationSchemeOptions CurrentValue { get; } = new();

    /// <inheritdoc/>
    public AuthenticationSchemeOptions Get(string? name) => CurrentValue;

    /// <inheritdoc/>
    public IDisposable? OnChange(Action<AuthenticationSchemeOptions, string?> listener) => null;
}
