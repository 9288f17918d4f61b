// Takes the reset token out of the address before anything else is loaded: from there on it is
// in no address bar, in no bookmark and in no referrer. The page's state keeps it for a reload.
{
  const token = new URLSearchParams(location.search).get("token");
  if (token !== null) history.replaceState({ token }, "", location.pathname);
}
